using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>A file system of its own, mounted in the campaign's mount namespace.</summary>
internal sealed partial class Volume : IDisposable
{
    private const int MebiByte = 1 << 20;
    // FS_IOC_SHUTDOWN of ext4 and xfs: everything that is not on the device is lost at once, the journal's tail too.
    private const ulong ShutDownCall = 0x8004587D;
    private const uint NoLogFlush = 2;
    private readonly string[] _mount;
    private bool _isMounted;

    private Volume(string folder, string[] mount) => (Folder, _mount) = (folder, mount);

    public string Folder { get; }

    /// <summary>In memory, of that size.</summary>
    public static Volume InMemory(string folder, int mebiBytes)
    {
        Directory.CreateDirectory(folder);
        Volume volume = new(folder, ["-t", "tmpfs", "-o", $"size={mebiBytes}m", "none", folder]);
        volume.Mount();
        return volume;
    }

    /// <summary>An image of ext4, by a loop device.</summary>
    public static Volume Image(string folder, string image, int mebiBytes)
    {
        Directory.CreateDirectory(folder);
        using (var file = File.Create(image)) file.SetLength((long)mebiBytes * MebiByte);
        ChildProcess.Run("mkfs.ext4", ["-q", "-F", image]).Succeeded();
        Volume volume = new(folder, ["-o", "loop", image, folder]);
        volume.Mount();
        return volume;
    }

    public long FreeBytes => new DriveInfo(Folder).AvailableFreeSpace;

    /// <summary>Loses the power: what was not synced is gone, and every call fails until <see cref="Remount"/>.</summary>
    public void CutPower()
    {
        using SafeFileHandle directory = new(OpenFolder(Folder, 0), ownsHandle: true);
        if (directory.IsInvalid || Control(directory, ShutDownCall, NoLogFlush) != 0)
            throw new IOException($"the file system of {Folder} cannot be shut down: errno {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Brings the power back. No process may have a file open.</summary>
    public void Remount()
    {
        Unmount();
        Mount();
    }

    public void Dispose()
    {
        if (_isMounted) Unmount();
    }

    private void Mount()
    {
        ChildProcess.Run("mount", _mount).Succeeded();
        _isMounted = true;
    }

    private void Unmount()
    {
        ChildProcess.Run("umount", [Folder]).Succeeded();
        _isMounted = false;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, ulong call, in uint value);
}
