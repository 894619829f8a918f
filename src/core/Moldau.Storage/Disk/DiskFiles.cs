using Moldau.Base;

namespace Moldau.Storage;

/// <summary>Whole-file operations for use inside jobs.</summary>
public static class DiskFiles
{
    /// <summary>Larger files are not read whole: whatever claims to be a small file and is not is damaged.</summary>
    public const int LargestWholeFileBytes = 64 * 1024 * 1024;

    /// <summary>The contents; null if the file is not there.</summary>
    public static byte[]? ReadWhole(IDisk disk, string path)
    {
        if (!disk.FileExists(path)) return null;
        using IDiskFile file = disk.Open(path, DiskOpenMode.Read);
        long length = file.Length;
        if (length > LargestWholeFileBytes) throw new DiskException(DiskError.Io, "read (file too large)", path);
        byte[] bytes = new byte[length];
        int read = ReadFully(file, 0, bytes);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    /// <summary>Fills the destination as far as the file goes.</summary>
    public static int ReadFully(IDiskFile file, long position, Span<byte> destination)
    {
        int total = 0;
        while (total < destination.Length)
        {
            int n = file.Read(position + total, destination[total..]);
            if (n == 0) break;
            total += n;
        }

        return total;
    }

    /// <summary>Replaces a file so that a crash leaves the old or the new contents: write beside it, sync, rename, sync
    /// the folder.</summary>
    public static void WriteAtomically(IDisk disk, string path, ReadOnlySpan<byte> bytes)
    {
        WriteDurably(disk, path + LogFileNames.Temporary, bytes);
        disk.Rename(path + LogFileNames.Temporary, path);
        disk.SyncDirectory(LogFileNames.ParentOf(path));
    }

    /// <summary>Writes and syncs contents; the name is durable only after the folder's sync.</summary>
    public static void WriteDurably(IDisk disk, string path, ReadOnlySpan<byte> bytes)
    {
        using IDiskFile file = disk.Open(path, DiskOpenMode.OpenOrCreate);
        if (file.Length > bytes.Length) file.SetLength(bytes.Length);
        if (!bytes.IsEmpty) file.Write(0, bytes);
        file.Sync();
    }

    public static bool DeleteIfExists(IDisk disk, string path)
    {
        if (!disk.FileExists(path)) return false;
        disk.Delete(path);
        return true;
    }
}

/// <summary>Replaces a small file of a log directory atomically. The bytes are made by the owner when it emits the job.</summary>
public sealed class WriteFileJob : JobOp
{
    public required string Path { get; init; }

    public required byte[] Contents { get; init; }

    protected override void Run(IDisk disk) => DiskFiles.WriteAtomically(disk, Path, Contents);
}

/// <summary>Reads a slice into memory: for cold data that must not be read on the owner's thread, and for whoever needs the
/// records themselves. The slice stays the caller's.</summary>
public sealed class ReadSliceJob : JobOp
{
    public required FileSlice Slice { get; init; }

    /// <summary>Filled from its start; <see cref="BytesRead"/> says how far.</summary>
    public required BufferLease Data { get; init; }

    public int BytesRead { get; private set; }

    protected override void Run(IDisk disk)
    {
        int wanted = Math.Min(Slice.Length, Data.Capacity);
        BytesRead = DiskFiles.ReadFully(Slice.File, Slice.Position, Data.Whole[..wanted]);
    }
}
