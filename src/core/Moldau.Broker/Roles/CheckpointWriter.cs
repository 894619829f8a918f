using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Writes the checkpoint files of the log directories: one writer for what all shards say, since a file covers
/// all partitions of its directory. Before every log of the start has been opened it writes nothing: a file that leaves a
/// partition out takes its log start and its recovery point away.</summary>
internal sealed class CheckpointWriter(ControlMachine machine)
{
    private readonly SortedDictionary<int, IReadOnlyList<DirectoryCheckpoint>> _byShard = [];
    private readonly List<Action> _awaiting = [];
    private bool _isComplete;
    private bool _isWriting;
    private bool _isWanted;
    private Action? _done;

    public void Remember(MachineId shard, IReadOnlyList<DirectoryCheckpoint> checkpoints) => _byShard[shard.Number] = checkpoints;

    /// <summary>Every shard has opened the logs it was to open.</summary>
    public void LogsAreOpen()
    {
        _isComplete = true;
        if (_isWanted) WriteSoon();
    }

    public void WriteSoon()
    {
        _isWanted = true;
        if (!_isWriting && _isComplete) Write();
    }

    /// <summary>Calls back when files that were begun after this are durable; not before, whatever fails.</summary>
    public void WriteThen(Action done)
    {
        _awaiting.Add(done);
        WriteSoon();
    }

    /// <summary>The last files of a node that stops; calls back even where they cannot be written.</summary>
    public void WriteNow(Action done)
    {
        _done = done;
        WriteSoon();
    }

    private void Write()
    {
        _isWriting = true;
        _isWanted = false;
        Action[] served = [.. _awaiting];
        _awaiting.Clear();
        List<WriteCheckpointsJob> jobs = [];
        foreach (BootedDirectory directory in machine.Options.Directories)
        {
            if (machine.Broker.IsOffline(directory)) continue;
            jobs.Add(new WriteCheckpointsJob { LogDirectory = directory.Path, Partitions = PartsOf(directory.Path) });
        }

        int left = jobs.Count;
        bool hasFailed = false;
        foreach (WriteCheckpointsJob job in jobs)
        {
            job.Owner = (Action<DiskOp>)(op =>
            {
                hasFailed |= op.Error != DiskError.None;
                if (op.Error != DiskError.None) machine.Options.Log.Log.Warn($"the checkpoints were not written: {op.ErrorText}");
                if (--left == 0) Written(served, hasFailed);
            });
            machine.DiskOps.Add(job);
        }

        if (left == 0) Written(served, hasFailed);
    }

    private void Written(Action[] served, bool hasFailed)
    {
        _isWriting = false;
        if (hasFailed) _awaiting.AddRange(served); // with the next files
        else foreach (Action action in served) action();
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
