using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Measures the volumes of the log directories on a worker: statvfs may block.</summary>
internal sealed class VolumeJob(IReadOnlyList<string> paths) : JobOp
{
    private readonly List<Volume> _volumes = [];

    public readonly record struct Volume(string Path, bool IsOnline, long TotalBytes, long UsableBytes);

    public static void Run(Machine machine, IReadOnlyList<BootedDirectory> directories, Action<IReadOnlyList<Volume>> done)
    {
        VolumeJob job = new([.. directories.Select(d => d.Path)]) { LogDirectory = directories[0].Path };
        job.Owner = (Action<DiskOp>)(_ => done(job._volumes));
        machine.DiskOps.Add(job);
    }

    protected override void Run(IDisk disk)
    {
        _volumes.Clear();
        foreach (string path in paths)
        {
            try
            {
                (long total, long free) = disk.Volume(path);
                _volumes.Add(new Volume(path, true, total, free));
            }
            catch (DiskException)
            {
                _volumes.Add(new Volume(path, false, -1, -1));
            }
        }
    }
}
