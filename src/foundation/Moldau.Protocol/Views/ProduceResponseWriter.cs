using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>The answer for one partition of a Produce request; fields that the version lacks are dropped.</summary>
public struct ProducePartitionResult()
{
    public int Index { get; set; }

    public ErrorCode ErrorCode { get; set; }

    public long BaseOffset { get; set; } = -1;

    public long LogAppendTimeMs { get; set; } = -1;

    public long LogStartOffset { get; set; } = -1;

    public List<ProduceResponse.BatchIndexAndErrorMessage>? RecordErrors { get; set; }

    public string? ErrorMessage { get; set; }

    public LeaderAndEpoch CurrentLeader { get; set; } = LeaderAndEpoch.None;
}

/// <summary>Writes a Produce response frame without allocation. Every call takes the same arguments on a counting
/// writer (<see cref="Counter"/>) and on one over a buffer of the size so found.</summary>
public ref struct ProduceResponseWriter
{
    private readonly Span<byte> _buffer;
    private readonly short _version;
    private KafkaWriter _writer;

    public ProduceResponseWriter(Span<byte> buffer, short version)
    {
        _buffer = buffer;
        _version = version;
        _writer = new KafkaWriter(buffer);
    }

    private ProduceResponseWriter(short version)
    {
        _version = version;
        _writer = KafkaWriter.Counter();
    }

    /// <summary>Bytes written, length prefix included.</summary>
    public readonly int Position => _writer.Position;

    private readonly bool IsFlexible => _version >= ProduceResponse.LowestFlexibleVersion;

    public static ProduceResponseWriter Counter(short version) => new(version);

    public void Begin(int correlationId, int topicCount)
    {
        ResponseFrame.Begin(ref _writer, correlationId, IsFlexible);
        _writer.WriteArrayLength(topicCount, IsFlexible);
    }

    /// <summary>The name is written up to version 12, the id from 13 on.</summary>
    public void BeginTopic(ReadOnlySpan<byte> name, Uuid id, int partitionCount)
    {
        if (_version >= 13) _writer.WriteUuid(id);
        else _writer.WriteUtf8(name, IsFlexible);
        _writer.WriteArrayLength(partitionCount, IsFlexible);
    }

    public void Partition(in ProducePartitionResult result)
    {
        _writer.WriteInt32(result.Index);
        _writer.WriteInt16((short)result.ErrorCode);
        _writer.WriteInt64(result.BaseOffset);
        _writer.WriteInt64(result.LogAppendTimeMs);
        if (_version >= 5) _writer.WriteInt64(result.LogStartOffset);
        if (_version >= 8)
        {
            if (result.RecordErrors is { } errors) _writer.WriteStructures(errors, IsFlexible, _version);
            else _writer.WriteArrayLength(0, IsFlexible);
            _writer.WriteNullableString(result.ErrorMessage, IsFlexible);
        }

        if (IsFlexible) PartitionTags(result.CurrentLeader);
    }

    public void EndTopic()
    {
        if (IsFlexible) _writer.WriteTaggedFields(null);
    }

    /// <summary>Writes what follows the topics, and the length prefix. Returns the bytes of the frame.</summary>
    public int End(int throttleTimeMs, ReadOnlySpan<LeaderEndpoint> endpoints = default)
    {
        _writer.WriteInt32(throttleTimeMs);
        if (IsFlexible) ResponseFrame.WriteEndpoints(ref _writer, _version >= 10, endpoints);
        if (!_buffer.IsEmpty) BinaryPrimitives.WriteInt32BigEndian(_buffer, Position - ResponseFrame.LengthPrefix);
        return Position;
    }

    private void PartitionTags(LeaderAndEpoch leader)
    {
        var tags = new TaggedSection(ref _writer, null);
        if (_version >= 10 && leader != LeaderAndEpoch.None)
        {
            tags.Begin(ref _writer, 0);
            leader.Write(ref _writer);
            tags.End(ref _writer);
        }

        tags.Close(ref _writer);
    }
}
