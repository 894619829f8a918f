using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>A disk that does not do all it is asked to, as if the storage machine had forgotten to ask.</summary>
internal sealed class LyingDisk(IDisk disk, StorageBug bug, Prng prng) : IDisk
{
    public Prng Prng => prng;

    public IDiskFile Open(string path, DiskOpenMode mode) => disk.Open(path, mode);

    public bool FileExists(string path) => disk.FileExists(path);

    public bool DirectoryExists(string path) => disk.DirectoryExists(path);

    public IReadOnlyList<string> List(string directory) => disk.List(directory);

    public void CreateDirectory(string path) => disk.CreateDirectory(path);

    public void Delete(string path) => disk.Delete(path);

    public void DeleteDirectory(string path) => disk.DeleteDirectory(path);

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void SyncDirectory(string path)
    {
        if (bug != StorageBug.None) disk.SyncDirectory(path);
    }

    public long LastModifiedMs(string path) => disk.LastModifiedMs(path);

    public (long Total, long Free) Volume(string path) => disk.Volume(path);

    public IDisposable? TryLock(string path) => disk.TryLock(path);
}
