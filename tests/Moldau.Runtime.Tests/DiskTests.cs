using Moldau.Storage;

namespace Moldau.Runtime.Tests;

public sealed class LinuxDiskTests() : DiskTests(new FileDisk());

public sealed class PortableDiskTests() : DiskTests(new PortableDisk());

/// <summary>What every disk of the system does alike.</summary>
public abstract class DiskTests(IDisk disk) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("moldau-disk-");
    private readonly IDisk _disk = disk;

    [Fact]
    public void Bytes_WrittenAtPositions_AreReadBack()
    {
        using IDiskFile file = _disk.Open(At("a"), DiskOpenMode.CreateNew);
        file.Write(0, "hello "u8);
        file.Write(6, "world"u8);
        file.Sync();
        byte[] read = new byte[20];
        Assert.Equal(11, file.Read(0, read));
        Assert.Equal("hello world"u8, read.AsSpan(0, 11));
        Assert.Equal(0, file.Read(11, read));
        Assert.Equal(11, file.Length);
        file.Allocate(1 << 20);
        Assert.Equal(11, file.Length);
        file.StartWriteback(0, 11);
    }

    [Fact]
    public void Cut_ShortensTheFile_AndReadsZerosWhereItGrows()
    {
        using IDiskFile file = _disk.Open(At("a"), DiskOpenMode.OpenOrCreate);
        file.Write(0, "abcdef"u8);
        file.SetLength(3);
        Assert.Equal(3, file.Length);
        file.SetLength(5);
        byte[] read = new byte[10];
        Assert.Equal(5, file.Read(0, read));
        Assert.Equal("abc\0\0"u8, read.AsSpan(0, 5));
    }

    [Fact]
    public void OpenModes_FailAsTheySay()
    {
        Assert.Equal(DiskError.NotFound, ErrorOf(() => _disk.Open(At("none"), DiskOpenMode.Read)));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => _disk.Open(At("none"), DiskOpenMode.ReadWrite)));
        _disk.Open(At("a"), DiskOpenMode.CreateNew).Dispose();
        Assert.Equal(DiskError.AlreadyExists, ErrorOf(() => _disk.Open(At("a"), DiskOpenMode.CreateNew)));
        using IDiskFile readOnly = _disk.Open(At("a"), DiskOpenMode.Read);
        // The system's words for it differ.
        Assert.Contains(ErrorOf(() => readOnly.Write(0, [1])), (DiskError[])[DiskError.Io, DiskError.Access]);
        Assert.Equal(DiskError.NotFound, ErrorOf(() => _disk.Delete(At("none"))));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => _disk.Rename(At("none"), At("b"))));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => _disk.List(At("none"))));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => _disk.LastModifiedMs(At("none"))));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => _disk.SyncDirectory(At("none"))));
    }

    [Fact]
    public void Names_AreMadeListedRenamedAndDeleted()
    {
        _disk.CreateDirectory(At("x/y"));
        Assert.True(_disk.DirectoryExists(At("x/y")));
        foreach (string name in (string[])["b", "a", "B"])
            _disk.Open(At("x/" + name), DiskOpenMode.CreateNew).Dispose();
        Assert.Equal(["B", "a", "b", "y"], _disk.List(At("x")));
        _disk.Rename(At("x/a"), At("x/b"));
        Assert.Equal(["B", "b", "y"], _disk.List(At("x")));
        _disk.SyncDirectory(At("x"));
        Assert.True(_disk.FileExists(At("x/b")));
        _disk.Delete(At("x/b"));
        Assert.False(_disk.FileExists(At("x/b")));
        _disk.DeleteDirectory(At("x"));
        Assert.False(_disk.DirectoryExists(At("x")));
        (long total, long free) = _disk.Volume(_folder.FullName);
        Assert.InRange(free, 1, total);
    }

    [Fact]
    public void LastModified_IsAboutNow()
    {
        long before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        _disk.Open(At("a"), DiskOpenMode.CreateNew).Dispose();
        Assert.InRange(_disk.LastModifiedMs(At("a")), before - 2_000, before + 60_000);
    }

    [Fact]
    public void FullDisk_IsNoSpace()
    {
        // The device that is always full; a small volume of its own would need the right to mount one.
        if (!File.Exists("/dev/full")) Assert.Skip("this system has no /dev/full");
        using IDiskFile full = _disk.Open("/dev/full", DiskOpenMode.ReadWrite);
        DiskException e = Assert.Throws<DiskException>(() => full.Write(0, [1]));
        Assert.Equal(DiskError.NoSpace, e.Error);
        Assert.Contains("/dev/full", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lock_IsHeldOnce_InThisProcess()
    {
        IDisposable? first = _disk.TryLock(At(".lock"));
        Assert.NotNull(first);
        Assert.Null(_disk.TryLock(At(".lock")));
        first.Dispose();
        using IDisposable? again = _disk.TryLock(At(".lock"));
        Assert.NotNull(again);
    }

    [Fact]
    public void OpenFile_MayBeRenamedAndDeleted_AndIsStillRead()
    {
        _disk.CreateDirectory(At("x"));
        using IDiskFile file = _disk.Open(At("x/a"), DiskOpenMode.CreateNew);
        file.Write(0, "abc"u8);
        _disk.Rename(At("x/a"), At("x/a.deleted"));
        _disk.Delete(At("x/a.deleted"));
        byte[] read = new byte[3];
        Assert.Equal(3, file.Read(0, read));
        Assert.Equal("abc"u8, read);
        Assert.Empty(_disk.List(At("x")));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static DiskError ErrorOf(Action call) => Assert.Throws<DiskException>(call).Error;

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
