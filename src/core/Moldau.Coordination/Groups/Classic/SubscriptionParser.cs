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
        // Later versions only append fields, and only the topics matter here.
        ConsumerProtocolSubscription subscription = ConsumerProtocolSubscription.Read(ref reader, 0);
        if (reader.Failed) return false;
        topics.UnionWith(subscription.Topics);
        return true;
    }
}
