using Moldau.Protocol;

namespace Moldau.Raft;

/// <summary>What the quorum wants done. Disk effects are to be done in the order given, on one lane.</summary>
public abstract record RaftEffect
{
    private protected RaftEffect()
    {
    }

    /// <summary>Whether the effect may leave before the vote and epoch behind it are on disk.</summary>
    internal virtual bool IsGated => true;
}

/// <summary>Replace <c>quorum-state</c> (write beside, sync, rename, sync the directory); then call
/// <see cref="RaftNode.OnQuorumStatePersisted"/> with the token.</summary>
public sealed record PersistQuorumState(long Token, byte[] Content) : RaftEffect
{
    internal override bool IsGated => false;
}

/// <summary>Append the batch at the end of the log and sync; then call <see cref="RaftNode.OnLogSynced"/> with the end
/// that is synced. Several appends may share one sync.</summary>
public sealed record AppendToLog(RaftBatch Batch) : RaftEffect
{
    internal override bool IsGated => false;
}

/// <summary>Drop everything from an offset on.</summary>
public sealed record TruncateLog(long EndOffset) : RaftEffect
{
    internal override bool IsGated => false;
}

/// <summary>Drop the log: it continues at this snapshot, which is on disk.</summary>
public sealed record StartLogAt(OffsetAndEpoch Snapshot) : RaftEffect
{
    internal override bool IsGated => false;
}

/// <summary>Segments and snapshots that hold nothing from this offset on may be deleted.</summary>
public sealed record DeleteLogBefore(long Offset) : RaftEffect
{
    internal override bool IsGated => false;
}

/// <summary>Read whole batches from the one that holds the offset; then call
/// <see cref="RaftNode.OnLogRead"/>.</summary>
public sealed record ReadLog(long Token, long Offset, int MaxBytes) : RaftEffect;

/// <summary>Read part of a snapshot file; then call <see cref="RaftNode.OnSnapshotRead"/>.</summary>
public sealed record ReadSnapshot(long Token, OffsetAndEpoch Id, long Position, int MaxBytes) : RaftEffect;

/// <summary>Write part of a snapshot that is being fetched, under a temporary name.</summary>
public sealed record WriteSnapshotPart(OffsetAndEpoch Id, long Position, ReadOnlyMemory<byte> Bytes) : RaftEffect
{
    internal override bool IsGated => false;
}

/// <summary>Sync the fetched snapshot and give it its name; then call <see cref="RaftNode.OnSnapshotFetched"/> with its
/// content's control records.</summary>
public sealed record FinishSnapshot(OffsetAndEpoch Id) : RaftEffect
{
    internal override bool IsGated => false;
}

/// <summary>Send a request to another node; then call <see cref="RaftNode.OnResponse"/> or
/// <see cref="RaftNode.OnRequestFailed"/>.</summary>
public sealed record SendRaftRequest(long Correlation, int NodeId, RaftEndpoint Endpoint, IRequest Request,
    short Version) : RaftEffect;

/// <summary>Answer a request that came in under this token.</summary>
public sealed record ReplyToRequest(long Token, IMessage Response) : RaftEffect;

/// <summary>Batches are committed, in the order of the log, each exactly once. Control batches are among
/// them.</summary>
public sealed record CommitBatches(IReadOnlyList<RaftBatch> Batches, long HighWatermark) : RaftEffect;

/// <summary>A snapshot from the leader replaces all that was committed so far: load it.</summary>
public sealed record LoadSnapshot(OffsetAndEpoch Id) : RaftEffect;

/// <summary>This node leads, and all records of earlier epochs are committed and delivered.</summary>
public sealed record BecomeLeader(int Epoch) : RaftEffect;

/// <summary>This node leads no longer; delivered appends of its epoch that are not committed may never be.</summary>
public sealed record LoseLeadership(int Epoch) : RaftEffect;

/// <summary>Another leader or epoch is known; for answers and metrics. −1: nobody.</summary>
public sealed record LeaderKnown(int LeaderId, int Epoch) : RaftEffect;

/// <summary>Time or size asks for a snapshot: call <see cref="RaftNode.WriteSnapshot"/> with the committed
/// image.</summary>
public sealed record SnapshotDue : RaftEffect;

/// <summary>Write a whole snapshot file (temporary name, sync, rename, sync the directory); then call
/// <see cref="RaftNode.OnSnapshotWritten"/>.</summary>
public sealed record WriteSnapshotFile(OffsetAndEpoch Id, string FileName, byte[] Content) : RaftEffect
{
    internal override bool IsGated => false;
}
