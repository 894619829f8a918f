using System.Text.Json.Nodes;

namespace Moldau.TestServers.Wire;

/// <summary>A transaction made by hand, which nobody ends before its time is over.</summary>
public static class HandMadeTransaction
{
    /// <summary>Leaves one open, with partition 0 of a topic in it.</summary>
    public static void Begin(int port, string id, string topic)
    {
        using WireClient wire = new(port);
        JsonObject producer = new();
        Wait.Until(
            () =>
            {
                // The first question for a coordinator is what makes the topic of transactions.
                wire.Ask("FindCoordinator", 4, JsonNode.Parse($$"""{"KeyType":1,"CoordinatorKeys":["{{id}}"]}""")!.AsObject());
                producer = wire.Ask("InitProducerId", 4, JsonNode.Parse($$"""{"TransactionalId":"{{id}}","TransactionTimeoutMs":600000}""")!.AsObject())!;
                return (int)producer["ErrorCode"]! == 0;
            },
            TimeSpan.FromSeconds(60), $"a producer id for {id}");
        Wait.Until(
            () =>
            {
                JsonObject added = wire.Ask("AddPartitionsToTxn", 3, JsonNode.Parse($$"""
                    {"V3AndBelowTransactionalId":"{{id}}","V3AndBelowProducerId":{{(long)producer["ProducerId"]!}},
                     "V3AndBelowProducerEpoch":{{(int)producer["ProducerEpoch"]!}},"V3AndBelowTopics":[{"Name":"{{topic}}","Partitions":[0]}]}
                    """)!.AsObject())!;
                return (int)added["ResultsByTopicV3AndBelow"]![0]!["ResultsByPartition"]![0]!["PartitionErrorCode"]! == 0;
            },
            TimeSpan.FromSeconds(60), $"{topic} to be in the transaction of {id}");
    }
}
