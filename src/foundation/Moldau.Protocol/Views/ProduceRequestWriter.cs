using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>Writes a Produce request frame without allocation. Every call takes the same arguments on a counting
/// writer (<see cref="Counter"/>) and on one over a buffer of the size so found.</summary>
public ref struct ProduceRequestWriter
{
    private const short FirstTopicIdVersion = 13;

    private readonly Span<byte> _buffer;
    private readonly short _version;
    private KafkaWriter _writer;

    public ProduceRequestWriter(Span<byte> buffer, short version)
    {
        _buffer = buffer;
        _version = version;
        _writer = new KafkaWriter(buffer);
    }

    private ProduceRequestWriter(short version)
    {
        _version = version;
        _writer = KafkaWriter.Counter();
    }

    private readonly bool IsFlexible => _version >= ProduceRequest.LowestFlexibleVersion;

    public static ProduceRequestWriter Counter(short version) => new(version);

    public void Begin(
        int correlationId, string clientId, string? transactionalId, short acks, int timeoutMs, int topicCount)
    {
        _writer.WriteInt32(0);
        _writer.WriteInt16((short)ApiKey.Produce);
        _writer.WriteInt16(_version);
        _writer.WriteInt32(correlationId);
        _writer.WriteNullableString(clientId, flexible: false);
        EndStructure();
        _writer.WriteNullableString(transactionalId, IsFlexible);
        _writer.WriteInt16(acks);
        _writer.WriteInt32(timeoutMs);
        _writer.WriteArrayLength(topicCount, IsFlexible);
    }

    /// <summary>The name is written up to version 12, the id from 13 on.</summary>
    public void BeginTopic(string name, Uuid id, int partitionCount)
    {
        if (_version >= FirstTopicIdVersion) _writer.WriteUuid(id);
        else _writer.WriteString(name, IsFlexible);
        _writer.WriteArrayLength(partitionCount, IsFlexible);
    }

    public void Partition(int index, ReadOnlySpan<byte> records)
    {
        _writer.WriteInt32(index);
        _writer.WriteBytesLength(records.Length, IsFlexible);
        _writer.WriteRaw(records);
        EndStructure();
    }

    public void EndTopic() => EndStructure();

    /// <summary>Writes what follows the topics, and the length prefix. Returns the bytes of the frame.</summary>
    public int End()
    {
        EndStructure();
        int bytes = _writer.Position;
        if (!_buffer.IsEmpty) BinaryPrimitives.WriteInt32BigEndian(_buffer, bytes - ResponseFrame.LengthPrefix);
        return bytes;
    }

    private void EndStructure()
    {
        if (IsFlexible) _writer.WriteTaggedFields(null);
    }
}
