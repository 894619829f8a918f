namespace Moldau.Broker;

/// <summary>Topics of the platform itself, under Kafka's names.</summary>
internal static class InternalTopics
{
    public const string ConsumerOffsets = "__consumer_offsets";
    public const string TransactionState = "__transaction_state";
    public const string ShareGroupState = "__share_group_state";

    public static bool Contains(string topic) => topic is ConsumerOffsets or TransactionState or ShareGroupState;
}
