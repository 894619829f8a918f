using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Calls of <c>kafka-reassign-partitions</c> against one node with one directory: what can be wrong, and moves to where a
/// partition is. Behind a name with a slash: how many lines are compared, where a trace of Java follows. A name that begins with * needs
/// moves between directories, which our own node does not have yet; with #, limits that our own node does not know by name.</summary>
internal static class ReassignShimCases
{
    private const string Execute = "B --execute --reassignment-json-file SCRATCH/";
    private const string Verify = "B --verify --reassignment-json-file SCRATCH/";
    private const string Cancel = "B --cancel --reassignment-json-file SCRATCH/";
    private const string Generate = "B --generate --broker-list 1 --topics-to-move-json-file SCRATCH/";

    private static readonly string[] Lines =
    [
        "list: B --list",
        "list-controller: C --list",
        "list-properties: B --list --command-config SCRATCH/client.properties",
        "list-no-properties/2: B --list --command-config /nowhere/at/all",
        "generate: " + Generate + "topics.json",
        "generate-two: " + Generate + "two-topics.json",
        "generate-no-racks: " + Generate + "topics.json --disable-rack-aware",
        "generate-comma: B --generate --broker-list 1, --topics-to-move-json-file SCRATCH/topics.json",
        "generate-no-topic/2: " + Generate + "no-topic.json",
        "generate-topic-twice/2: " + Generate + "topic-twice.json",
        "generate-of-nothing: " + Generate + "no-topics.json",
        "generate-other: " + Generate + "other.json",
        "generate-version/2: " + Generate + "topics-2.json",
        "generate-odd-version/2: " + Generate + "odd-version.json",
        "generate-no-json/2: " + Generate + "none.json",
        "generate-empty/2: " + Generate + "empty.json",
        "generate-odd-topic/2: " + Generate + "odd-topic.json",
        "generate-array/2: " + Generate + "array.json",
        "generate-no-file/2: B --generate --broker-list 1 --topics-to-move-json-file /nowhere/at/all",
        "generate-broker-twice/2: B --generate --broker-list 1,1 --topics-to-move-json-file SCRATCH/topics.json",
        "generate-odd-broker/2: B --generate --broker-list one --topics-to-move-json-file SCRATCH/topics.json",
        "generate-no-broker/2: B --generate --broker-list 9 --topics-to-move-json-file SCRATCH/topics.json",
        "verify: " + Verify + "stay.json",
        "verify-two: " + Verify + "two.json",
        "verify-preserve: " + Verify + "stay.json --preserve-throttles",
        "verify-elsewhere: " + Verify + "elsewhere.json --preserve-throttles",
        "verify-directory: " + Verify + "directory.json",
        "verify-other-directory: " + Verify + "other-directory.json",
        "verify-directory-missing: " + Verify + "directory-missing.json",
        "verify-no-topic: " + Verify + "no-topic-move.json --preserve-throttles",
        "verify-no-topic-throttles/4: " + Verify + "no-topic-move.json",
        "verify-behind-last/2: " + Verify + "behind-last.json",
        "verify-far: " + Verify + "far.json --preserve-throttles",
        "verify-of-nothing: " + Verify + "nothing.json",
        "verify-twice: " + Verify + "twice.json",
        "execute: " + Execute + "stay.json",
        "execute-two: " + Execute + "two.json",
        "execute-throttle: " + Execute + "two.json --throttle 2048",
        "throttled-topic: +configs B --describe --entity-type topics --entity-name orders",
        "#throttled-broker: +configs B --describe --entity-type brokers --entity-name 1",
        "execute-throttle-zero: " + Execute + "stay.json --throttle 0 --additional",
        "execute-directory-throttle: " + Execute + "stay.json --replica-alter-log-dirs-throttle 4096",
        "*execute-directory: " + Execute + "directory.json --replica-alter-log-dirs-throttle 4096 --throttle 1024",
        "*execute-other-directory/7: " + Execute + "other-directory.json --timeout 0",
        "verify-throttled: " + Verify + "two.json",
        "cleared-topic: +configs B --describe --entity-type topics --entity-name orders",
        "execute-no-factor-change: " + Execute + "stay.json --disallow-replication-factor-change",
        "execute-no-broker/2: " + Execute + "elsewhere.json",
        "execute-no-topic/2: " + Execute + "no-topic-move.json",
        "execute-no-partition/2: " + Execute + "far.json",
        "execute-of-nothing/2: " + Execute + "nothing.json",
        "execute-no-replicas/2: " + Execute + "no-replicas.json",
        "execute-twice/2: " + Execute + "twice.json",
        "execute-replica-twice/2: " + Execute + "replica-twice.json",
        "execute-sizes/2: " + Execute + "sizes.json",
        "execute-version/2: " + Execute + "version-2.json",
        "execute-odd-version/2: " + Execute + "odd-version.json",
        "execute-empty/2: " + Execute + "empty.json",
        "execute-cut-off/0: " + Execute + "cut.json",
        "execute-array/2: " + Execute + "array.json",
        "execute-no-array/2: " + Execute + "no-array.json",
        "execute-field-missing/2: " + Execute + "field-missing.json",
        "execute-odd-replicas/2: " + Execute + "odd-replicas.json",
        "execute-odd-replica/2: " + Execute + "odd-replica.json",
        "execute-odd-directories/2: " + Execute + "odd-directories.json",
        "execute-more-fields: " + Execute + "more-fields.json",
        "execute-no-file/2: B --execute --reassignment-json-file /nowhere/at/all",
        "execute-odd-throttle/2: " + Execute + "stay.json --throttle fast",
        "execute-odd-timeout/2: " + Execute + "stay.json --timeout soon",
        "cancel: " + Cancel + "stay.json",
        "cancel-preserve: " + Cancel + "two.json --preserve-throttles",
        "cancel-directory: " + Cancel + "directory.json --timeout 100",
        "cancel-controller: C --cancel --reassignment-json-file SCRATCH/stay.json --preserve-throttles",
        "cancel-no-topic: " + Cancel + "no-topic-move.json --preserve-throttles",
        "cancel-of-nothing: " + Cancel + "nothing.json",
        "no-action: B",
        "two-actions: B --list --verify",
        "no-address: --list",
        "two-addresses: B C --list",
        "address-without-value/2: --bootstrap-server --list",
        "execute-file-not-given: B --execute",
        "verify-file-not-given: B --verify",
        "cancel-file-not-given: B --cancel",
        "generate-nothing-given: B --generate",
        "generate-brokers-not-given: B --generate --topics-to-move-json-file x",
        "list-throttle: B --list --throttle 5",
        "list-file: B --list --reassignment-json-file x",
        "execute-controller: C --execute --reassignment-json-file x",
        "execute-preserve: B --execute --reassignment-json-file x --preserve-throttles",
        "verify-timeout: B --verify --reassignment-json-file x --timeout 5",
        "verify-additional: B --verify --additional --reassignment-json-file x",
        "cancel-throttle: B --cancel --reassignment-json-file x --throttle 5",
        "generate-additional: B --generate --broker-list 1 --topics-to-move-json-file x --additional",
        "odd-option: B --bogus",
        "no-value: B --execute --reassignment-json-file",
    ];

    public static ShimCase[] All(string cluster) => [.. Lines
        .Where(l => cluster != Clusters.Ours || l[0] != '#').Select(l => l.Split(": ", 2)).Select(l => Of(l[0], l[1]))];

    public static void Prepare(ServerUnderTest server, ScratchFolder scratch)
    {
        Cluster cluster = new(server);
        cluster.Run("topic", "create", "orders", "-p", "3").Succeeded();
        cluster.Run("topic", "create", "parcels", "-p", "2").Succeeded();
        File.WriteAllText(scratch["client.properties"], "client.id=mover\n");
        Write("topics", """{"topics": [{"topic": "orders"}], "version": 1}""");
        Write("two-topics", """{"topics": [{"topic": "parcels"}, {"topic": "orders", "more": true}]}""");
        Write("no-topic", """{"topics": [{"topic": "nowhere"}, {"topic": "orders"}]}""");
        Write("topic-twice", """{"topics": [{"topic": "orders"}, {"topic": "parcels"}, {"topic": "orders"}]}""");
        Write("no-topics", """{"topics": []}""");
        Write("other", """{"names": []}""");
        Write("topics-2", """{"topics": [{"topic": "orders"}], "version": 2}""");
        Write("odd-version", """{"topics": [], "partitions": [], "version": "1"}""");
        Write("none", "orders");
        Write("empty", "");
        Write("odd-topic", """{"topics": [{"topic": ["orders"]}]}""");
        Write("array", """["orders"]""");
        Moves("stay", """{"topic": "orders", "partition": 0, "replicas": [1]}""");
        Moves(
            "two", """{"topic": "parcels", "partition": 1, "replicas": [1], "log_dirs": ["any"]}""",
            """{"topic": "orders", "partition": 2, "replicas": [1]}""", """{"topic": "orders", "partition": 0, "replicas": [1]}""");
        Moves("elsewhere", """{"topic": "orders", "partition": 0, "replicas": [9, 1, 5]}""");
        Moves("directory", $$"""{"topic": "orders", "partition": 0, "replicas": [1], "log_dirs": ["{{server.DataFolder}}"]}""");
        Moves("other-directory", """{"topic": "orders", "partition": 1, "replicas": [1], "log_dirs": ["/nowhere/at/all"]}""");
        Moves("directory-missing", """{"topic": "nowhere", "partition": 1, "replicas": [1], "log_dirs": ["/nowhere/at/all"]}""");
        Moves("no-topic-move", """{"topic": "nowhere", "partition": 0, "replicas": [1]}""");
        Moves("behind-last", """{"topic": "orders", "partition": 3, "replicas": [1]}""");
        Moves(
            "far", """{"topic": "orders", "partition": 7, "replicas": [1]}""", """{"topic": "orders", "partition": 0, "replicas": [1]}""",
            """{"topic": "orders", "partition": 4, "replicas": [1]}""");
        Moves("nothing");
        Moves("no-replicas", """{"topic": "orders", "partition": 0, "replicas": []}""");
        Moves("twice", """{"topic": "orders", "partition": 0, "replicas": [1]}""", """{"topic": "orders", "partition": 0, "replicas": [1]}""");
        Moves("replica-twice", """{"topic": "orders", "partition": 0, "replicas": [1,1]}""", """{"topic": "orders", "partition": 1, "replicas": [2,1,2]}""");
        Moves("sizes", """{"topic": "orders", "partition": 0, "replicas": [1, 2], "log_dirs": ["any"]}""");
        Write("version-2", """{"partitions": [], "version": 2}""");
        Write("cut", """{"partitions": [{"topic": "or""");
        Write("no-array", """{"partitions": {"topic": "orders"}}""");
        Moves("field-missing", """{"topic": "orders", "replicas": [1]}""");
        Moves("odd-replicas", """{"topic": "orders", "partition": 0, "replicas": 1}""");
        Moves("odd-replica", """{"topic": "orders", "partition": 0, "replicas": [1, "2"]}""");
        Moves("odd-directories", """{"topic": "orders", "partition": 0, "replicas": [1], "log_dirs": [null]}""");
        Moves("more-fields", """{"topic": "orders", "partition": 0, "replicas": [1], "comment": {"by": "me"}}""");

        void Write(string name, string text) => File.WriteAllText(scratch[name + ".json"], text);

        void Moves(string name, params string[] moves) => Write(name, $$"""{"version": 1, "partitions": [{{string.Join(", ", moves)}}]}""");
    }

    private static ShimCase Of(string name, string line)
    {
        string[] parts = name.TrimStart('*', '#').Split('/');
        return new ShimCase(parts[0], line.StartsWith('+') ? line[1..] : "reassign-partitions " + line)
        {
            Lines = parts.Length > 1 ? int.Parse(parts[1]) : null,
            NotYet = name[0] == '*' ? "has no version" : null,
        };
    }
}
