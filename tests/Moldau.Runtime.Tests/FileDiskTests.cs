using System.Diagnostics;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime.Tests;

public sealed class FileDiskTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("moldau-disk-");
    private readonly FileDisk _disk = new();

    [Fact]
    public void FullVolume_FailsTheWriteThatDoesNotFit_AndKeepsWhatDid()
    {
        string mount = At("small");
        Directory.CreateDirectory(mount);
        if (Run("mount", "-t", "tmpfs", "-o", "size=1m", "none", mount) != 0)
            Assert.Skip("mounting a small volume is not permitted here");
        try
        {
            using IDiskFile file = _disk.Open(Path.Combine(mount, "f"), DiskOpenMode.CreateNew);
            file.Write(0, new byte[512 * 1024]);
            Assert.Equal(DiskError.NoSpace, ErrorOf(() => file.Write(512 * 1024, new byte[1024 * 1024])));
            Assert.Equal(DiskError.NoSpace, ErrorOf(() => file.Allocate(8 * 1024 * 1024)));
            Assert.Equal(512 * 1024, file.Read(0, new byte[512 * 1024]));
        }
        finally
        {
            Run("umount", mount);
        }
    }

    [Fact]
    public void Lock_ExcludesTheRecordLocksOfOtherProcesses_BothWays()
    {
        // Python's lockf is fcntl(F_SETLK), as Java's FileChannel.lock is.
        const string script = """
            import fcntl, sys
            f = open(sys.argv[1], 'r+b')
            try:
                fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                print('locked', flush=True)
                sys.stdin.readline()
            except OSError:
                print('refused', flush=True)
            """;
        File.WriteAllBytes(At(".lock"), []);
        using (IDisposable? ours = _disk.TryLock(At(".lock")))
        {
            Assert.NotNull(ours);
            using Process refused = Python(script, At(".lock"));
            Assert.Equal("refused", refused.StandardOutput.ReadLine());
            refused.WaitForExit();
        }

        using Process holder = Python(script, At(".lock"));
        Assert.Equal("locked", holder.StandardOutput.ReadLine());
        Assert.Null(_disk.TryLock(At(".lock")));
        holder.StandardInput.Close();
        holder.WaitForExit();
        using IDisposable? after = _disk.TryLock(At(".lock"));
        Assert.NotNull(after);
    }

    [Fact]
    public void ClosedFile_StaysOpenForThoseWhoHoldIt()
    {
        DiskFile file = _disk.OpenFile(At("a"), DiskOpenMode.CreateNew);
        file.Write(0, "abc"u8);
        Assert.True(file.TryRetain());
        file.Dispose();
        _disk.Delete(At("a"));
        // The number must not go to another file while it is held.
        using IDiskFile next = _disk.Open(At("b"), DiskOpenMode.CreateNew);
        next.Write(0, "xyz"u8);
        byte[] read = new byte[3];
        Assert.Equal(3, file.Native.ReadAt(0, read).Count);
        Assert.Equal("abc"u8, read);
        file.Release();
        Assert.False(file.TryRetain());
    }

    [Theory]
    [InlineData(Errno.NoSpace, DiskError.NoSpace)]
    [InlineData(Errno.OverQuota, DiskError.NoSpace)]
    [InlineData(Errno.InputOutput, DiskError.Io)]
    [InlineData(Errno.TooManyFilesInProcess, DiskError.TooManyFiles)]
    [InlineData(Errno.TooManyFilesInSystem, DiskError.TooManyFiles)]
    [InlineData(Errno.AccessDenied, DiskError.Access)]
    [InlineData(Errno.ReadOnlyFileSystem, DiskError.Access)]
    [InlineData(Errno.NoEntry, DiskError.NotFound)]
    [InlineData(Errno.Exists, DiskError.AlreadyExists)]
    public void ErrorNumbers_BecomeTheirKind(int errno, DiskError kind) =>
        Assert.Equal(kind, DiskFailure.KindOf(errno));

    public void Dispose() => _folder.Delete(recursive: true);

    private static DiskError ErrorOf(Action call) => Assert.Throws<DiskException>(call).Error;

    private static Process Python(string script, string path)
    {
        ProcessStartInfo start = new("python3", ["-c", script, path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        try
        {
            return Process.Start(start)!; // not null without shell execution
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("python3 is missing");
            throw;
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardError = true,
            })!; // not null without shell execution
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
