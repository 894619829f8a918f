using System.Runtime.InteropServices;

namespace Moldau.Transport;

/// <summary>The one call of a portable disk that the base library does not have.</summary>
public static partial class PortableFolder
{
    /// <summary>Makes the names in a folder durable. Does nothing on Windows, where NTFS has a journal of them.</summary>
    public static IoResult Sync(string path)
    {
        if (OperatingSystem.IsWindows()) return IoResult.Of(0);
        int folder = Open(path, 0);
        if (folder < 0) return IoResult.Of(folder);
        IoResult result = IoResult.Of(Flush(folder));
        _ = Close(folder);
        return result;
    }

    // No flag is set, so the numbers are every Unix's.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int folder);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int folder);
}
