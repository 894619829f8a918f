using System.Buffers.Binary;
using System.Text;
using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>Calls on files that <c>failing-calls.c</c> can hit.</summary>
[Flags]
internal enum FileCalls
{
    None = 0,
    Open = 1,
    Write = 2,
    DataSync = 4,
    Sync = 8,
    Rename = 16,
    Truncate = 32,
    Allocate = 64,
    Unlink = 128,
    Read = 256,
}

internal enum CallFault
{
    Fail = 0,
    Short = 1,
    Interrupt = 2,
    Delay = 3,

    /// <summary>Of syncs: said to be done, and not done.</summary>
    Lie = 4,
}

/// <summary>The preloaded library that makes file calls of a process fail below one folder, and its control file.</summary>
internal sealed class FailingCalls : IDisposable
{
    public const int InputOutputError = 5;
    public const int NoSpace = 28;

    private const int ControlBytes = 4096;
    private const int FolderAt = 32;
    private static readonly Lock _building = new();
    private readonly FileStream _control;

    public FailingCalls(string scratch, string library)
    {
        var path = Path.Combine(scratch, "failing-calls");
        _control = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        _control.SetLength(ControlBytes);
        Environment = new Dictionary<string, string> { ["LD_PRELOAD"] = library, ["FAILING_CALLS"] = path };
    }

    /// <summary>For the process whose calls are to fail.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>How many calls were hit since the last <see cref="Arm"/>.</summary>
    public int Hits => ReadInt32(24);

    /// <summary>Compiles the library into a folder; throws with gcc's words where that fails.</summary>
    public static string Build(string folder)
    {
        lock (_building)
        {
            var library = Path.Combine(folder, "failing-calls.so");
            if (File.Exists(library)) return library;
            var source = Path.Combine(Repository.Root, "tests", "tools", "failing-calls.c");
            ChildProcess.Run("gcc", ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"]).Succeeded();
            return library;
        }
    }

    /// <summary>From now on, after some calls that pass, so many calls are hit; negative: all that follow.</summary>
    public void Arm(string folder, FileCalls calls, CallFault fault, int error = 0, int skip = 0, int times = -1, int delayMs = 0)
    {
        Lift();
        var block = new byte[ControlBytes];
        int[] numbers = [(int)fault, error, skip, times, delayMs, 0, 0];
        for (var i = 0; i < numbers.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan((i + 1) * 4), numbers[i]);
        Encoding.UTF8.GetBytes(folder, block.AsSpan(FolderAt));
        Write(4, block.AsSpan(4));
        // Last, as it is what the other side looks at first.
        WriteInt32(0, (int)calls);
    }

    /// <summary>From now on all calls pass; those under way may still be hit.</summary>
    public void Lift() => WriteInt32(0, 0);

    public void Dispose() => _control.Dispose();

    private int ReadInt32(int position)
    {
        Span<byte> bytes = stackalloc byte[4];
        RandomAccess.Read(_control.SafeFileHandle, bytes, position);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    private void WriteInt32(int position, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Write(position, bytes);
    }

    private void Write(int position, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_control.SafeFileHandle, bytes, position);
}
