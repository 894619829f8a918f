using System.Buffers.Binary;
using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination.Tests;

/// <summary>Small byte texts that tests need.</summary>
internal static class Subscriptions
{
    public static readonly Uuid TopicId = new(0x1122334455667788, 0x0102030405060708);

    /// <summary>A consumer's embedded subscription, version 0.</summary>
    public static byte[] To(params string[] topics)
    {
        ConsumerProtocolSubscription subscription = new();
        subscription.Topics.AddRange(topics);
        byte[] bytes = new byte[2 + subscription.Size(0)];
        KafkaWriter writer = new(bytes.AsSpan(2));
        subscription.Write(ref writer, 0);
        return bytes;
    }

    /// <summary>A record key: type, then strings.</summary>
    public static byte[] Key(short type, params string?[] parts)
    {
        List<byte> bytes = [(byte)(type >> 8), (byte)type];
        foreach (string? part in parts)
        {
            if (part is null) continue;
            byte[] text = Encoding.UTF8.GetBytes(part);
            byte[] length = new byte[2];
            BinaryPrimitives.WriteInt16BigEndian(length, (short)text.Length);
            bytes.AddRange(length);
            bytes.AddRange(text);
        }

        return [.. bytes];
    }
}
