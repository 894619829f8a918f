namespace Moldau.Transport.Tests;

public sealed class PosixTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("moldau-posix-");

    [Fact]
    public void CachedRead_BringsWhatIsCached_AndAgainForTheRest()
    {
        PosixFile file = PosixFile.Open(At("f"), PosixOpen.ReadWrite | PosixOpen.Create, out _)!;
        byte[] data = new byte[1 << 20];
        data.AsSpan().Fill(5);
        file.WriteAt(0, data);
        byte[] read = new byte[1 << 20];
        IoResult cached = file.ReadCachedAt(0, read);
        if (cached.Error == Errno.NotSupported) Assert.Skip("this file system does not tell what is cached");
        Assert.Equal(1 << 20, cached.Count);
        Assert.Equal(data, read);
        // Null where the kernel cannot tell.
        Assert.NotEqual(false, file.IsCached(5_000, (1 << 20) - 5_000));
        Assert.NotEqual(true, file.IsCached(64 << 20, 1));
        Assert.True(file.DataSync().IsOk);
        file.DropCache();
        // Before the read, which has the kernel fetch the pages.
        bool? isCached = file.IsCached(0, 1 << 20);
        IoResult after = file.ReadCachedAt(0, read);
        if (after.WouldBlock) Assert.NotEqual(true, isCached);
        // A file system in memory keeps its pages; another one says that it would have to wait.
        Assert.True(after.WouldBlock || after.Count > 0);
        Assert.Equal(1 << 20, file.ReadAt(0, read).Count);
        file.Release();
    }

    [Fact]
    public void Open_ReportsTheErrorNumber()
    {
        Assert.Null(PosixFile.Open(At("none"), PosixOpen.Read, out int error));
        Assert.Equal(Errno.NoEntry, error);
        Assert.Equal("No such file or directory", Errno.Describe(error));
        PosixFile? directory = PosixFile.Open(_folder.FullName, PosixOpen.Directory, out error);
        Assert.NotNull(directory);
        Assert.True(directory.Sync().IsOk);
        directory.Release();
        Assert.False(directory.TryRetain());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
