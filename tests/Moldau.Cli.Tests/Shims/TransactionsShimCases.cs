using System.Text.Json.Nodes;
using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Calls of <c>kafka-transactions</c>. Our own node has no transactions yet: there the answers about producers are compared,
/// and that the others say what is missing.</summary>
internal static class TransactionsShimCases
{
    private const string NoCoordinator = "does not serve transactions yet";
    private const string NotOffered = "has no version";
    private const short Transactional = 0x10;

    /// <summary>A line that begins with * needs a coordinator, with ! an API that goes with transactions, with # records of one.</summary>
    private static readonly string[] Lines =
    [
        "!list: B list",
        "!list-long: B list --duration-filter 86400000",
        "!list-open: B list --duration-filter 0",
        "!list-any-age: B list --duration-filter=-1",
        "!list-below-any: B list --duration-filter=-20",
        "!list-pattern: B list --transactional-id-pattern w.*|done",
        "!list-pattern-part: B list --transactional-id-pattern wait",
        "!list-pattern-open: B list --duration-filter 0 --transactional-id-pattern .*[gd]",
        "!list-no-pattern: B list --transactional-id-pattern [",
        "!list-properties: B --command-config SCRATCH/client.properties list",
        "list-odd-age: B list --duration-filter x",
        "list-large-age: B list --duration-filter 9999999999999999999",
        "list-no-age: B list --duration-filter",
        "list-more: B list extra",
        "list-odd-option: B list --bogus",
        "!list-shortened: B list --transactional-id x",
        "list-no-bootstrap: list",
        "list-no-properties: B --command-config /nowhere/at/all list",
        "*describe-open: B describe --transactional-id waiting",
        "*describe-many: B describe --transactional-id wide",
        "*describe-done: B describe --transactional-id done",
        "*describe-not-begun: B describe --transactional-id lost",
        "*describe-unknown: B describe --transactional-id nobody",
        "describe-nothing: B describe",
        "describe-nothing-at-all: describe",
        "producers: B describe-producers --topic parcels --partition 0",
        "producers-none: B describe-producers --topic parcels --partition 1",
        "producers-replica: B describe-producers --topic parcels --partition 0 --broker-id 1",
        "#producers-open: B describe-producers --topic orders --partition 1",
        "#producers-ended: B describe-producers --topic orders --partition 2",
        "producers-no-topic: B --command-config SCRATCH/client.properties describe-producers --topic nowhere --partition 0",
        "producers-odd-topic: B describe-producers --topic a/b --partition 0",
        "producers-replica-no-topic: B --command-config SCRATCH/client.properties describe-producers --topic nowhere --partition 0 --broker-id 1",
        "producers-replica-no-partition: B --command-config SCRATCH/client.properties describe-producers --topic parcels --partition 7 --broker-id 1",
        "producers-nothing: B describe-producers",
        "producers-topic-alone: B describe-producers --topic parcels",
        "producers-odd-partition: B describe-producers --topic parcels --partition x",
        "producers-large-partition: B describe-producers --topic parcels --partition 4294967296",
        "producers-odd-broker: B describe-producers --topic parcels --partition 0 --broker-id one",
        "hanging-nowhere: B find-hanging",
        "hanging-partition-alone: B find-hanging --broker-id 1 --partition 0",
        "hanging-parcels: B find-hanging --topic parcels",
        "hanging-partition: B find-hanging --topic parcels --partition 0",
        "hanging-no-topic: B find-hanging --topic nowhere",
        "hanging-no-topic-partition: B --command-config SCRATCH/client.properties find-hanging --topic nowhere --partition 0",
        "hanging-odd-age: B find-hanging --topic parcels --max-transaction-timeout soon",
        "#hanging-orders: B find-hanging --topic orders",
        "#hanging-orders-1: B find-hanging --topic orders --partition 1",
        "#hanging-broker: B find-hanging --broker-id 1",
        "#hanging-broker-topic: B find-hanging --broker-id 1 --topic orders --max-transaction-timeout 0",
        "hanging-later: B find-hanging --topic orders --max-transaction-timeout 2000000000",
        "abort-nothing: B abort",
        "abort-no-start: B abort --topic orders --partition 1",
        "abort-no-epoch: B abort --topic orders --partition 1 --producer-id 5",
        "abort-no-coordinator: B abort --topic orders --partition 1 --producer-id 5 --producer-epoch 0",
        "abort-odd-epoch: B abort --topic orders --partition 1 --producer-id 5 --producer-epoch x",
        "abort-large-epoch: B abort --topic orders --partition 1 --producer-id 5 --producer-epoch 99999",
        "abort-very-large-epoch: B abort --topic orders --partition 1 --producer-id 5 --producer-epoch 9999999999",
        "abort-shortened: B abort --to parcels --part 0 --start 0",
        "abort-ambiguous: B abort --p 0",
        "abort-not-open: B abort --topic parcels --partition 0 --start-offset 0",
        "abort-no-topic: B --command-config SCRATCH/client.properties abort --topic nowhere --partition 0 --start-offset 0",
        "!abort-old-epoch: B abort --topic orders --partition 1 --producer-id 4 --producer-epoch=-1 --coordinator-epoch 0",
        "#abort: B abort --topic orders --partition 1 --start-offset 0",
        "#abort-again: B abort --topic orders --partition 1 --start-offset 0",
        "#hanging-none-left: B find-hanging --topic orders",
        "!abort-by-producer: B abort --topic orders --partition 1 --producer-id 4 --producer-epoch 0 --coordinator-epoch 5",
        "!abort-fenced: B abort --topic orders --partition 1 --producer-id 4 --producer-epoch 0 --coordinator-epoch 1",
        "!abort-negative: B abort --topic orders --partition 2 --producer-id 4 --producer-epoch 0 --coordinator-epoch=-1",
        "#producers-aborted: B describe-producers --topic orders --partition 1",
        "terminate-nothing: B forceTerminateTransaction",
        "*terminate: B forceTerminateTransaction --transactionalId waiting",
        "*terminate-unknown: B forceTerminateTransaction --transactionalId nobody",
        "!list-after: B list",
        "no-action: B",
        "odd-action: B nonsense",
        "odd-option: --bogus list",
        "unreachable: --bootstrap-server 127.0.0.1:1 --command-config SCRATCH/client.properties list",
    ];

    public static ShimCase[] All(string cluster) => [.. Lines
        .Where(l => cluster != Clusters.Ours || l[0] != '#').Select(l => l.Split(": ", 2)).Select(l => Of(l[0], l[1]))];

    /// <summary>Without it a producer's batch of a transaction that nobody has begun is refused.</summary>
    public static readonly IReadOnlyDictionary<string, string> Properties =
        new Dictionary<string, string> { ["transaction.partition.verification.enable"] = "false" };

    /// <summary>An idempotent producer's records; and where the server has transactions, one that is open without records, one with
    /// several partitions, one that was committed, and records of one that no coordinator knows of.</summary>
    public static void Prepare(ServerUnderTest server, ScratchFolder scratch)
    {
        Cluster cluster = new(server);
        cluster.Run("topic", "create", "orders", "-p", "3").Succeeded();
        cluster.Run("topic", "create", "parcels", "-p", "2").Succeeded();
        File.WriteAllText(scratch["client.properties"], "default.api.timeout.ms=4000\nrequest.timeout.ms=3000\n");
        using WireClient wire = new(server.Port);
        Produce(wire, "parcels", 0, Producer(wire, null), attributes: 0);
        if (server is MoldauServer) return;
        HandMadeTransaction.Begin(server.Port, "waiting", "orders");
        HandMadeTransaction.Begin(server.Port, "done", "orders");
        wire.Ask("EndTxn", 3, new JsonObject { ["TransactionalId"] = "done", ["ProducerId"] = 2, ["ProducerEpoch"] = 0, ["Committed"] = true });
        HandMadeTransaction.Begin(server.Port, "wide", "parcels");
        wire.Ask("AddPartitionsToTxn", 3, JsonNode.Parse("""
            {"V3AndBelowTransactionalId":"wide","V3AndBelowProducerId":3,"V3AndBelowProducerEpoch":0,
             "V3AndBelowTopics":[{"Name":"orders","Partitions":[0,2]},{"Name":"parcels","Partitions":[1]}]}
            """)!.AsObject());
        Produce(wire, "orders", 1, Producer(wire, "lost"), Transactional);
    }

    private static ShimCase Of(string name, string line) => new(name.TrimStart('*', '!', '#'), "transactions " + line)
    {
        NotYet = name[0] switch { '*' => NoCoordinator, '!' => NotOffered, _ => null },
        IsUnordered = name.Contains("list", StringComparison.Ordinal),
        Masks =
        [
            (@"(?<=\t(TIME|None) *\t)\d+ *(?=\t)", "N"),
            (@"(?<=\tTIME *\t)\d+ *(?=\t$)", "N"),
        ],
    };

    private static (long Id, int Epoch) Producer(WireClient wire, string? transactionalId)
    {
        JsonObject answer = new();
        Wait.Until(
            () =>
            {
                answer = wire.Ask("InitProducerId", 4, new JsonObject { ["TransactionalId"] = transactionalId, ["TransactionTimeoutMs"] = 600000 })!;
                return (int)answer["ErrorCode"]! == 0;
            },
            TimeSpan.FromSeconds(60), "a producer id");
        return ((long)answer["ProducerId"]!, (int)answer["ProducerEpoch"]!);
    }

    private static void Produce(WireClient wire, string topic, int partition, (long Id, int Epoch) producer, short attributes)
    {
        string records = Batches.Hex(new BatchShape
        {
            Values = ["a", "b", "c"],
            Attributes = attributes,
            ProducerId = producer.Id,
            ProducerEpoch = (short)producer.Epoch,
            BaseSequence = 0,
        });
        JsonObject answer = wire.Ask("Produce", 9, JsonNode.Parse($$"""
            {"TransactionalId":{{(attributes == 0 ? "null" : "\"lost\"")}},"Acks":-1,"TimeoutMs":10000,
             "TopicData":[{"Name":"{{topic}}","PartitionData":[{"Index":{{partition}},"Records":"{{records}}"}]}]}
            """)!.AsObject())!;
        Assert.Equal(0, (int)answer["Responses"]![0]!["PartitionResponses"]![0]!["ErrorCode"]!);
    }
}
