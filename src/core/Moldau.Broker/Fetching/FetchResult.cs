using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>What a partition's owner answers to a fetch.</summary>
internal struct FetchResult
{
    public ErrorCode Error;

    /// <summary>−1 where the error leaves it unknown.</summary>
    public long HighWatermark;

    public long LastStableOffset;

    public long LogStartOffset;

    /// <summary>The records; the holder of the result holds the slice.</summary>
    public FileSlice Slice;

    public int RecordBytes;

    /// <summary>With less there is no whole batch in them.</summary>
    public int FirstBatchBytes;

    /// <summary>Transactions whose records a read_committed reader must drop; null for others.</summary>
    public List<AbortedTransactionEntry>? AbortedTransactions;

    /// <summary>Where the client's history leaves the leader's (KIP-595); epoch −1: it does not.</summary>
    public int DivergingEpoch;

    public long DivergingEndOffset;

    /// <summary>Whom to ask instead; set with NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH.</summary>
    public LeaderAndEpoch CurrentLeader;

    public readonly bool HasDivergingEpoch => DivergingEpoch >= 0;

    public static FetchResult Failed(ErrorCode error) => new()
    {
        Error = error,
        HighWatermark = -1,
        LastStableOffset = -1,
        LogStartOffset = -1,
        DivergingEpoch = -1,
        DivergingEndOffset = -1,
        CurrentLeader = LeaderAndEpoch.None,
    };

    /// <summary>The answer for a partition that is not looked at: its list of transactions is empty, not null.</summary>
    public static FetchResult Refused(ErrorCode error)
    {
        FetchResult result = Failed(error);
        result.AbortedTransactions = [];
        return result;
    }

    /// <summary>Keeps as many bytes as there is room for: none where not one batch is whole then.</summary>
    public void CutTo(int bytes)
    {
        if (RecordBytes <= bytes) return;
        if (bytes < FirstBatchBytes)
        {
            DropRecords();
            return;
        }

        Slice = Slice with { Length = bytes };
        RecordBytes = bytes;
    }

    /// <summary>Lets go of the records, which are not going to be sent.</summary>
    public void DropRecords()
    {
        if (RecordBytes > 0) Slice.Release();
        Slice = default;
        RecordBytes = 0;
    }
}
