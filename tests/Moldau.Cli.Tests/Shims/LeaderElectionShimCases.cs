using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Calls of <c>kafka-leader-election</c> against one node, where every leader is the preferred one.</summary>
internal static class LeaderElectionShimCases
{
    private static readonly string[] Lines =
    [
        "one: B --election-type preferred --topic orders --partition 0",
        "one-unclean: B --election-type UNCLEAN --topic orders --partition 1",
        "no-partition-9: B --election-type preferred --topic orders --partition 9",
        "negative-partition: B --election-type preferred --topic orders --partition -1",
        "no-topic: B --election-type preferred --topic nowhere --partition 0",
        "no-topic-unclean: B --election-type unclean --topic nowhere --partition 0",
        "all: B --election-type Preferred --all-topic-partitions",
        "all-unclean: B --election-type unclean --all-topic-partitions",
        "file: B --election-type preferred --path-to-json-file SCRATCH/three.json",
        "file-unclean: B --election-type unclean --path-to-json-file SCRATCH/three.json",
        "file-many: B --election-type preferred --path-to-json-file SCRATCH/many.json",
        "file-partly-wrong: B --election-type preferred --path-to-json-file SCRATCH/partly.json",
        "file-all-wrong: B --election-type unclean --path-to-json-file SCRATCH/wrong.json",
        "file-of-nothing: B --election-type preferred --path-to-json-file SCRATCH/nothing.json",
        "file-empty: B --election-type preferred --path-to-json-file SCRATCH/empty.json",
        "file-cut-off: B --election-type preferred --path-to-json-file SCRATCH/cut.json",
        "file-no-json: B --election-type preferred --path-to-json-file SCRATCH/none.json",
        "file-and-more: B --election-type preferred --path-to-json-file SCRATCH/more.json",
        "file-no-partitions: B --election-type preferred --path-to-json-file SCRATCH/other.json",
        "file-array: B --election-type preferred --path-to-json-file SCRATCH/array.json",
        "file-no-array: B --election-type preferred --path-to-json-file SCRATCH/no-array.json",
        "file-odd-element: B --election-type preferred --path-to-json-file SCRATCH/element.json",
        "file-no-topic: B --election-type preferred --path-to-json-file SCRATCH/no-topic.json",
        "file-odd-topic: B --election-type preferred --path-to-json-file SCRATCH/odd-topic.json",
        "file-odd-number: B --election-type preferred --path-to-json-file SCRATCH/odd-number.json",
        "file-fraction: B --election-type preferred --path-to-json-file SCRATCH/fraction.json",
        "file-twice: B --election-type preferred --path-to-json-file SCRATCH/twice.json",
        "file-missing: B --election-type preferred --path-to-json-file /nowhere/at/all",
        "properties: B --election-type preferred --topic orders --partition 0 --command-config SCRATCH/client.properties",
        "old-properties: B --election-type preferred --topic orders --partition 0 --admin.config SCRATCH/client.properties",
        "no-properties: B --election-type preferred --topic orders --partition 0 --command-config /nowhere/at/all",
        "no-old-properties: B --election-type preferred --topic orders --partition 0 --admin.config /nowhere/at/all",
        "both-properties: B --election-type preferred --topic orders --partition 0 --admin.config a --command-config b",
        "no-bootstrap: --election-type preferred --all-topic-partitions",
        "no-type: B --all-topic-partitions",
        "nothing-but-topic: --topic orders",
        "no-target: B --election-type preferred",
        "two-targets: B --election-type preferred --topic orders --partition 0 --all-topic-partitions",
        "three-targets: B --election-type preferred --topic orders --path-to-json-file x --all-topic-partitions",
        "topic-alone: B --election-type preferred --topic orders",
        "partition-alone: B --election-type preferred --all-topic-partitions --partition 0",
        "odd-type: B --election-type best --all-topic-partitions",
        "odd-partition: B --election-type preferred --topic orders --partition x",
        "large-partition: B --election-type preferred --topic orders --partition 4294967296",
        "odd-option: B --bogus",
        "no-value: B --all-topic-partitions --election-type",
        "unreachable: --bootstrap-server 127.0.0.1:1 --election-type preferred --all-topic-partitions",
    ];

    public static readonly ShimCase[] All =
        [.. Lines.Select(l => l.Split(": ", 2)).Select(l => new ShimCase(l[0], "leader-election " + l[1]))];

    public static void Prepare(ServerUnderTest server, ScratchFolder scratch)
    {
        Cluster cluster = new(server);
        cluster.Run("topic", "create", "orders", "-p", "3").Succeeded();
        cluster.Run("topic", "create", "parcels", "-p", "14").Succeeded();
        File.WriteAllText(scratch["client.properties"], "client.id=elector\n");
        Write("three", Of(("orders", 2), ("orders", 0), ("parcels", 1)));
        Write("many", Of([.. Enumerable.Range(0, 14).Select(p => ("parcels", p)), ("orders", 1)]));
        Write("partly", Of(("orders", 1), ("nowhere", 0), ("orders", 7), ("parcels", 3)));
        Write("wrong", Of(("nowhere", 0), ("orders", 7)));
        Write("twice", Of(("orders", 1), ("parcels", 0), ("orders", 1), ("parcels", 0), ("orders", 2)));
        Write("nothing", Of());
        Write("empty", "");
        Write("cut", """{"partitions":[{"topic":"orders",""");
        Write("none", "orders-0");
        Write("more", Of(("orders", 0)) + " and more");
        Write("other", """{"topics":[]}""");
        Write("array", """[ {"topic": "orders"} ]""");
        Write("no-array", """{"partitions":{"topic":"orders"}}""");
        Write("element", """{"partitions":["orders-0"]}""");
        Write("no-topic", """{"partitions":[{"partition":0}]}""");
        Write("odd-topic", """{"partitions":[{"topic":5,"partition":0}]}""");
        Write("odd-number", """{"partitions":[{"topic":"orders","partition":"0"}]}""");
        Write("fraction", """{"partitions":[{"topic":"orders","partition":1.5}]}""");

        void Write(string name, string text) => File.WriteAllText(scratch[name + ".json"], text);
    }

    private static string Of(params (string Topic, int Partition)[] partitions) =>
        $$"""{"partitions": [{{string.Join(", ", partitions.Select(p => $$"""{"topic": "{{p.Topic}}", "partition": {{p.Partition}}}"""))}}]}""";
}
