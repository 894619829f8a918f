using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>A topic as the hot requests name it: UTF-8 bytes in older versions, an id in newer ones.</summary>
public readonly ref struct TopicReference(ReadOnlySpan<byte> name, Uuid id)
{
    public ReadOnlySpan<byte> Name { get; } = name;

    public Uuid Id { get; } = id;

    internal static TopicReference Read(scoped ref KafkaReader reader, bool byId, bool flexible)
    {
        if (byId) return new TopicReference(default, reader.ReadUuid());
        int length = reader.ReadStringLength(flexible);
        if (length < 0) reader.Fail();
        return new TopicReference(reader.Failed ? default : reader.ReadSpan(length), Uuid.Zero);
    }
}
