namespace Moldau.Transport;

/// <summary>Calls on names. Each returns the outcome instead of throwing.</summary>
public static unsafe class PosixPaths
{
    public static IoResult Rename(string from, string to) => IoResult.Of(LibC.Rename(from, to));

    public static IoResult Unlink(string path) => IoResult.Of(LibC.Unlink(path));

    /// <summary>Bytes of the volume, and those that this user may still fill.</summary>
    public static IoResult Volume(string path, out long total, out long free)
    {
        LibC.VolumeStatus status;
        IoResult result = IoResult.Of(LibC.StatVolume(path, &status));
        total = result.IsOk ? (long)(status.FragmentSize * status.Blocks) : 0;
        free = result.IsOk ? (long)(status.FragmentSize * status.AvailableBlocks) : 0;
        return result;
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static IoResult SyncDirectory(string path)
    {
        PosixFile? directory = PosixFile.Open(path, PosixOpen.Directory, out int error);
        if (directory is null) return IoResult.Failed(error);
        try
        {
            return directory.Sync();
        }
        finally
        {
            directory.Release();
        }
    }
}
