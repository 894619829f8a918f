using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>Reads the topics out of a consumer's embedded subscription (ConsumerProtocolSubscription).</summary>
internal static class SubscriptionParser
{
    public static bool TryAddTopics(ReadOnlySpan<byte> metadata, SortedSet<string> topics)
    {
        KafkaReader reader = new(metadata);
        short version = reader.ReadInt16();
        if (reader.Failed || version < 0) return false;
        // Newer versions only append fields, so that older readers take what they know.
        short known = Math.Min(version, ConsumerProtocolSubscription.HighestVersion);
        ConsumerProtocolSubscription subscription = ConsumerProtocolSubscription.Read(ref reader, known);
        if (reader.Failed) return false;
        topics.UnionWith(subscription.Topics);
        return true;
    }
}
