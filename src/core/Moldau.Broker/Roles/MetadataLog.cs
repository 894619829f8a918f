using System.Text;
using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>The quorum's log on this node, and its leadership. A batch is committed when a majority of the voters has it
/// synced; with one voter that is this node alone. Owner: the control machine. Persists quorum-state before anything of a
/// new epoch leaves, and every batch before it counts.</summary>
internal sealed class MetadataLog
{
    private readonly ControlMachine _machine;
    private readonly MetadataBoot _boot;
    private readonly PartitionLog _log;
    private readonly Queue<MetadataBatch> _uncommitted = new();

    public MetadataLog(ControlMachine machine, MetadataBoot boot)
    {
        _machine = machine;
        _boot = boot;
        _log = boot.Job.Open(new LogServices(machine.Pool, new BatchValidator(), machine.Prng.Fork()), machine.Now);
        Epoch = boot.QuorumEpoch;
        foreach (MetadataBatch batch in boot.Batches) _uncommitted.Enqueue(batch);
    }

    public int Epoch { get; private set; }

    public bool IsLeader { get; private set; }

    public long EndOffset => _log.LogEndOffset;

    public long HighWatermark => _log.HighWatermark;

    public PartitionLog Log => _log;

    public Uuid DirectoryId => _boot.DirectoryId;

    /// <summary>Begins the next epoch: vote and leadership are on disk before the first batch of it.</summary>
    public void BecomeLeader()
    {
        Epoch++;
        string state = $"{{\"leaderId\":{_machine.Options.NodeId},\"leaderEpoch\":{Epoch},\"votedId\":-1,"
            + $"\"votedDirectoryId\":\"{Uuid.Zero}\",\"data_version\":1}}";
        WriteFileJob write = new()
        {
            LogDirectory = _log.LogDirectory,
            OrderKey = this,
            Path = $"{_boot.Folder}/quorum-state",
            Contents = Encoding.UTF8.GetBytes(state),
        };
        write.Owner = (Action<DiskOp>)(_ =>
        {
            if (write.Error != DiskError.None) _machine.Halt($"quorum-state cannot be written: {write.ErrorText}");
            else Lead();
        });
        _machine.DiskOps.Add(write);
    }

    /// <summary>Appends records as one batch; returns the offset of the last.</summary>
    public long Append(IReadOnlyList<MetadataRecord> records)
    {
        Verify.That(IsLeader);
        Verify.That(records.Count > 0);
        using RecordBatchBuilder builder = new(new RecordBatchOptions { BaseOffset = EndOffset, PartitionLeaderEpoch = Epoch });
        foreach (MetadataRecord record in records)
            Verify.That(builder.TryAppend(_machine.Now.UnixMs, OptionalBytes.Null, MetadataRecords.Write(record)));
        long first = EndOffset;
        Append(builder.BuildLease(_machine.Pool));
        _uncommitted.Enqueue(new MetadataBatch(first, EndOffset - 1, Epoch, _machine.Now.UnixMs, records));
        return EndOffset - 1;
    }

    /// <summary>Takes a completion of the log; false: the log has failed.</summary>
    public bool OnDiskDone(DiskOp op)
    {
        LogChanges changes = _log.OnCompleted(op, _machine.Now, _machine.DiskOps);
        if ((changes & LogChanges.Failed) != 0) return false;
        if ((changes & LogChanges.DurableEnd) != 0 && IsLeader)
        {
            _log.SetHighWatermark(_log.DurableEnd);
            while (_uncommitted.TryPeek(out MetadataBatch? batch) && batch.LastOffset < _log.HighWatermark)
                _machine.Committed(_uncommitted.Dequeue());
            _machine.Advanced(_log.HighWatermark);
        }

        if ((changes & LogChanges.Closed) != 0) _machine.MetadataLogClosed();
        return true;
    }

    public void Close() => _log.Close(_machine.Now, _machine.DiskOps);

    private void Lead()
    {
        IsLeader = true;
        bool isFirst = EndOffset == 0;
        using RecordBatchBuilder builder = new(
            new RecordBatchOptions { BaseOffset = EndOffset, PartitionLeaderEpoch = Epoch, IsControl = true });
        int self = _machine.Options.NodeId;
        long now = _machine.Now.UnixMs;
        LeaderChangeMessage change = new()
        {
            Version = 1,
            LeaderId = self,
            Voters = [new() { VoterId = self, VoterDirectoryId = DirectoryId }],
            GrantingVoters = [new() { VoterId = self, VoterDirectoryId = DirectoryId }],
        };
        Verify.That(builder.TryAppendControl(now, ControlRecordType.LeaderChange, KafkaWriter.ToArray(change, 1)));
        if (isFirst)
        {
            Verify.That(builder.TryAppendControl(now, ControlRecordType.KRaftVersion, KafkaWriter.ToArray(new KRaftVersionRecord { KRaftVersion = 1 }, 0)));
            Verify.That(builder.TryAppendControl(now, ControlRecordType.KRaftVoters, KafkaWriter.ToArray(Voters(), 0)));
        }

        long first = EndOffset;
        Append(builder.BuildLease(_machine.Pool));
        _uncommitted.Enqueue(new MetadataBatch(first, EndOffset - 1, Epoch, now, []));
        _machine.ElectedAt(EndOffset - 1);
    }

    private VotersRecord Voters()
    {
        VotersRecord.Voter voter = new()
        {
            VoterId = _machine.Options.NodeId,
            VoterDirectoryId = DirectoryId,
            KRaftVersionFeature = new() { MinSupportedVersion = 0, MaxSupportedVersion = 1 },
        };
        foreach (Config.Endpoint endpoint in _machine.Options.Config.AdvertisedControllerListeners)
            voter.Endpoints.Add(new() { Name = endpoint.ListenerName, Host = endpoint.Host ?? "localhost", Port = (ushort)endpoint.Port });
        return new VotersRecord { Voters = [voter] };
    }

    private void Append(BufferLease lease)
    {
        AppendOutcome outcome = _log.Append(
            new AppendRequest(lease, 0, lease.Length, LogAppendOrigin.RaftLeader, Epoch), _machine.Now, _machine.DiskOps);
        lease.Release();
        if (!outcome.IsAccepted) _machine.Halt($"the metadata log refuses a batch: {outcome.Error} {outcome.Message}");
    }
}
