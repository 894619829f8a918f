using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Writes the checkpoint files of the log directories: one writer for what all shards say, since a file covers
/// all partitions of its directory.</summary>
internal sealed class CheckpointWriter(ControlMachine machine)
{
    private static readonly string[] Names =
        ["recovery-point-offset-checkpoint", "log-start-offset-checkpoint", "replication-offset-checkpoint"];

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
        List<DiskOp> jobs = [];
        foreach (BootedDirectory directory in machine.Options.Directories)
            for (int i = 0; i < Names.Length; i++)
                jobs.Add(new WriteFileJob
                {
                    LogDirectory = directory.Path,
                    Path = $"{directory.Path}/{Names[i]}",
                    Contents = OffsetCheckpoint.Encode(Collect(directory.Path, i)),
                });
        int left = jobs.Count;
        foreach (DiskOp job in jobs)
        {
            job.Owner = (Action<DiskOp>)(op =>
            {
                if (op.Error != DiskError.None) machine.Options.Log.Log.Warn($"a checkpoint was not written: {op.ErrorText}");
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

    private SortedDictionary<TopicPartition, long> Collect(string path, int which)
    {
        SortedDictionary<TopicPartition, long> all = [];
        foreach (IReadOnlyList<DirectoryCheckpoint> checkpoints in _byShard.Values)
            foreach (DirectoryCheckpoint checkpoint in checkpoints)
            {
                if (checkpoint.Path != path) continue;
                IReadOnlyDictionary<TopicPartition, long> offsets = which switch
                {
                    0 => checkpoint.RecoveryPoints,
                    1 => checkpoint.LogStartOffsets,
                    _ => checkpoint.HighWatermarks,
                };
                foreach ((TopicPartition partition, long offset) in offsets) all[partition] = offset;
            }

        return all;
    }
}
