using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Writes the checkpoint files of the log directories: one writer for what all shards say, since a file covers
/// all partitions of its directory.</summary>
internal sealed class CheckpointWriter(ControlMachine machine)
{
    private readonly SortedDictionary<int, IReadOnlyList<DirectoryCheckpoint>> _byShard = [];
    private bool _isWriting;
    private bool _isWanted;
    private Action? _done;

    public void Remember(MachineId shard, IReadOnlyList<DirectoryCheckpoint> checkpoints) => _byShard[shard.Number] = checkpoints;

    public void WriteSoon()
    {
        _isWanted = true;
        if (!_isWriting) Write();
    }

    public void WriteNow(Action done)
    {
        _done = done;
        WriteSoon();
    }

    private void Write()
    {
        _isWriting = true;
        _isWanted = false;
        List<WriteCheckpointsJob> jobs = [];
        foreach (BootedDirectory directory in machine.Options.Directories)
            jobs.Add(new WriteCheckpointsJob { LogDirectory = directory.Path, Partitions = PartsOf(directory.Path) });
        int left = jobs.Count;
        foreach (WriteCheckpointsJob job in jobs)
        {
            job.Owner = (Action<DiskOp>)(op =>
            {
                if (op.Error != DiskError.None) machine.Options.Log.Log.Warn($"the checkpoints were not written: {op.ErrorText}");
                if (--left == 0) Written();
            });
            machine.DiskOps.Add(job);
        }
    }

    private void Written()
    {
        _isWriting = false;
        if (_isWanted) Write();
        else if (_done is { } done)
        {
            _done = null;
            done();
        }
    }

    private List<IReadOnlyList<PartitionCheckpoint>> PartsOf(string path)
    {
        List<IReadOnlyList<PartitionCheckpoint>> parts = [];
        foreach (IReadOnlyList<DirectoryCheckpoint> checkpoints in _byShard.Values)
            foreach (DirectoryCheckpoint checkpoint in checkpoints)
                if (checkpoint.Path == path) parts.Add(checkpoint.Partitions);
        return parts;
    }
}
