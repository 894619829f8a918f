using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>A producer's transaction that was aborted, from its first offset on.</summary>
public readonly record struct AbortedTransactionEntry(long ProducerId, long FirstOffset);

/// <summary>The end of an epoch, -1 for each where it is not given.</summary>
public readonly record struct EpochAndOffset(int Epoch, long Offset)
{
    public static readonly EpochAndOffset None = new(-1, -1);
}

/// <summary>The answer for one partition of a Fetch request, apart from its records; fields that the version lacks are
/// dropped.</summary>
public ref struct FetchPartitionResult()
{
    public int PartitionIndex { get; set; }

    public ErrorCode ErrorCode { get; set; }

    public long HighWatermark { get; set; }

    public long LastStableOffset { get; set; } = -1;

    public long LogStartOffset { get; set; } = -1;

    /// <summary>False writes null, which is what a consumer that reads uncommitted data gets.</summary>
    public bool HasAbortedTransactions { get; set; }

    public ReadOnlySpan<AbortedTransactionEntry> AbortedTransactions { get; set; }

    public int PreferredReadReplica { get; set; } = -1;

    public EpochAndOffset DivergingEpoch { get; set; } = EpochAndOffset.None;

    public LeaderAndEpoch CurrentLeader { get; set; } = LeaderAndEpoch.None;

    public EpochAndOffset SnapshotId { get; set; } = EpochAndOffset.None;
}

/// <summary>Writes a Fetch response frame without allocation and without its records: these are spliced in by the
/// caller. After <see cref="BeginPartition"/>, the bytes written since the last splice go out, then exactly
/// <c>recordsLength</c> bytes of records, then what <see cref="EndPartition"/> and later calls write. The length prefix
/// counts the spliced bytes too. Every call takes the same arguments on a counting writer.</summary>
public ref struct FetchResponseWriter
{
    private readonly Span<byte> _buffer;
    private readonly short _version;
    private KafkaWriter _writer;

    public FetchResponseWriter(Span<byte> buffer, short version)
    {
        _buffer = buffer;
        _version = version;
        _writer = new KafkaWriter(buffer);
    }

    private FetchResponseWriter(short version)
    {
        _version = version;
        _writer = KafkaWriter.Counter();
    }

    /// <summary>Bytes written into the buffer, length prefix included, records not.</summary>
    public readonly int Position => _writer.Position;

    /// <summary>Bytes of records that the caller splices in.</summary>
    public long SplicedBytes { get; private set; }

    private readonly bool IsFlexible => _version >= FetchResponse.LowestFlexibleVersion;

    public static FetchResponseWriter Counter(short version) => new(version);

    public void Begin(int correlationId, int throttleTimeMs, ErrorCode errorCode, int sessionId, int topicCount)
    {
        ResponseFrame.Begin(ref _writer, correlationId, IsFlexible);
        _writer.WriteInt32(throttleTimeMs);
        if (_version >= 7)
        {
            _writer.WriteInt16((short)errorCode);
            _writer.WriteInt32(sessionId);
        }

        _writer.WriteArrayLength(topicCount, IsFlexible);
    }

    /// <summary>The name is written up to version 12, the id from 13 on.</summary>
    public void BeginTopic(ReadOnlySpan<byte> name, Uuid id, int partitionCount)
    {
        if (_version >= 13) _writer.WriteUuid(id);
        else _writer.WriteUtf8(name, IsFlexible);
        _writer.WriteArrayLength(partitionCount, IsFlexible);
    }

    /// <summary>Writes the partition up to its records, whose length may be -1 for null.</summary>
    public void BeginPartition(in FetchPartitionResult result, int recordsLength)
    {
        _writer.WriteInt32(result.PartitionIndex);
        _writer.WriteInt16((short)result.ErrorCode);
        _writer.WriteInt64(result.HighWatermark);
        _writer.WriteInt64(result.LastStableOffset);
        if (_version >= 5) _writer.WriteInt64(result.LogStartOffset);
        _writer.WriteArrayLength(result.HasAbortedTransactions ? result.AbortedTransactions.Length : -1, IsFlexible);
        if (result.HasAbortedTransactions)
        {
            foreach (AbortedTransactionEntry entry in result.AbortedTransactions)
            {
                _writer.WriteInt64(entry.ProducerId);
                _writer.WriteInt64(entry.FirstOffset);
                if (IsFlexible) _writer.WriteTaggedFields(null);
            }
        }

        if (_version >= 11) _writer.WriteInt32(result.PreferredReadReplica);
        _writer.WriteBytesLength(recordsLength, IsFlexible);
        SplicedBytes += Math.Max(0, recordsLength);
    }

    /// <summary>Writes what follows the records; the same result as for <see cref="BeginPartition"/>.</summary>
    public void EndPartition(in FetchPartitionResult result)
    {
        if (!IsFlexible) return;
        var tags = new TaggedSection(ref _writer, null);
        if (result.DivergingEpoch != EpochAndOffset.None)
        {
            tags.Begin(ref _writer, 0);
            _writer.WriteInt32(result.DivergingEpoch.Epoch);
            _writer.WriteInt64(result.DivergingEpoch.Offset);
            _writer.WriteTaggedFields(null);
            tags.End(ref _writer);
        }

        if (result.CurrentLeader != LeaderAndEpoch.None)
        {
            tags.Begin(ref _writer, 1);
            result.CurrentLeader.Write(ref _writer);
            tags.End(ref _writer);
        }

        if (result.SnapshotId != EpochAndOffset.None)
        {
            tags.Begin(ref _writer, 2);
            _writer.WriteInt64(result.SnapshotId.Offset);
            _writer.WriteInt32(result.SnapshotId.Epoch);
            _writer.WriteTaggedFields(null);
            tags.End(ref _writer);
        }

        tags.Close(ref _writer);
    }

    public void EndTopic()
    {
        if (IsFlexible) _writer.WriteTaggedFields(null);
    }

    /// <summary>Writes what follows the topics, and the length prefix. Returns the bytes of the whole frame, spliced
    /// records included.</summary>
    public long End(ReadOnlySpan<LeaderEndpoint> endpoints = default)
    {
        if (IsFlexible) ResponseFrame.WriteEndpoints(ref _writer, _version >= 16, endpoints);
        long total = Position + SplicedBytes;
        Verify.That(total <= int.MaxValue);
        if (!_buffer.IsEmpty) BinaryPrimitives.WriteInt32BigEndian(_buffer, (int)total - ResponseFrame.LengthPrefix);
        return total;
    }
}
