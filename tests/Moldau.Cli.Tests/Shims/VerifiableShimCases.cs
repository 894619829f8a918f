using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Calls of the scripts that system tests use, and of the one that measures latency, in the order in which they are made on
/// a new cluster.</summary>
internal static class VerifiableShimCases
{
    private const string Produce = "verifiable-producer B --topic one ";
    private const string Consume = "verifiable-consumer B --topic one ";
    private const string Share = "verifiable-share-consumer B --topic one ";
    private const string Latency = "e2e-latency B --topic fast --producer-acks 1 ";
    private const string NotServed = "has no version";

    private static readonly ShimCase[] _ofBoth =
    [
        .. Masked(
        [
            new("producer", Produce + "--max-messages 3"),
            new("producer-keys", Produce + "--max-messages 5 --repeating-keys 2 --value-prefix 7"),
            new("producer-throughput", Produce + "--max-messages 5 --throughput 50 --acks 1"),
            new("producer-acks-none", Produce + "--max-messages 2 --acks 0"),
            new("producer-time", Produce + "--max-messages 2 --message-create-time 1700000000000"),
            new("producer-none", Produce + "--max-messages 0"),
            new("producer-config", Produce + "--max-messages 2 --command-config SCRATCH/producer.properties"),
            new("producer-old-config", Produce + "--max-messages 2 --producer.config SCRATCH/producer.properties"),
            new("producer-bad-topic", "verifiable-producer B --topic a/b --max-messages 1"),
            new("producer-no-arguments", "verifiable-producer") { Lines = 0 },
            new("producer-no-topic", "verifiable-producer B"),
            new("producer-no-bootstrap", "verifiable-producer --topic one"),
            new("producer-odd-option", Produce + "--bogus"),
            new("producer-stray", Produce + "stray"),
            new("producer-odd-number", Produce + "--max-messages many"),
            new("producer-odd-acks", Produce + "--acks 7"),
            new("producer-odd-prefix", Produce + "--value-prefix x"),
            new("producer-odd-time", Produce + "--message-create-time soon"),
            new("producer-no-value", "verifiable-producer B --topic"),
            new("producer-no-file", Produce + "--command-config /nowhere/at/all"),
            new("producer-two-files", Produce + "--command-config SCRATCH/producer.properties --producer.config SCRATCH/producer.properties --max-messages 1"),
            new("consumer", Consume + "--group-id first --max-messages 5"),
            new("consumer-verbose", Consume + "--group-id first --max-messages 3 --verbose"),
            new("consumer-autocommit", Consume + "--group-id second --max-messages 5 --enable-autocommit --session-timeout 10000"),
            new("consumer-new", Consume + "--group-id third --max-messages 4 --group-protocol consumer") { NotYet = NotServed },
            new("consumer-new-assignor", Consume + "--group-id fourth --max-messages 4 --group-protocol CONSUMER --group-remote-assignor range") { NotYet = NotServed },
            new("consumer-instance", Consume + "--group-id fifth --max-messages 4 --group-instance-id one "
                + "--assignment-strategy org.apache.kafka.clients.consumer.RoundRobinAssignor"),
            new("consumer-config", Consume + "--group-id sixth --max-messages 4 --command-config SCRATCH/consumer.properties"),
            new("consumer-old-config", Consume + "--group-id seventh --max-messages 4 --consumer.config SCRATCH/consumer.properties"),
            new("consumer-none", Consume + "--group-id eighth --max-messages 0"),
            new("consumer-no-offset", Consume + "--group-id ninth --max-messages 1 --reset-policy none"),
            new("consumer-no-arguments", "verifiable-consumer") { Lines = 0 },
            new("consumer-no-topic", "verifiable-consumer B --group-id first"),
            new("consumer-no-group", "verifiable-consumer B --topic one"),
            new("consumer-no-bootstrap", "verifiable-consumer --topic one --group-id first"),
            new("consumer-odd-option", Consume + "--group-id first --bogus"),
            new("consumer-odd-number", Consume + "--group-id first --max-messages many"),
            new("consumer-odd-timeout", Consume + "--group-id first --session-timeout soon"),
            new("consumer-no-file", Consume + "--group-id first --command-config /nowhere/at/all"),
            new("consumer-two-files", Consume + "--group-id tenth --max-messages 1 --command-config SCRATCH/consumer.properties "
                + "--consumer.config SCRATCH/consumer.properties"),
            new("share-no-arguments", "verifiable-share-consumer") { Lines = 0 },
            new("share-no-topic", "verifiable-share-consumer B --group-id fair"),
            new("share-no-group", "verifiable-share-consumer B --topic one"),
            new("share-no-bootstrap", "verifiable-share-consumer --topic one --group-id fair"),
            new("share-odd-option", Share + "--group-id fair --bogus"),
            new("share-odd-number", Share + "--group-id fair --max-messages many"),
            new("share-odd-mode", Share + "--group-id fair --acknowledgement-mode never"),
            new("share-no-file", Share + "--group-id fair --command-config /nowhere/at/all"),
            new("latency", Latency + "--num-records 20 --record-size 10"),
            new("latency-all", "e2e-latency B --topic fast --producer-acks all --num-records 1001 --record-size 1"),
            new("latency-new-topic", "e2e-latency B --topic brand-new --producer-acks 1 --num-records 3 --record-size 0"),
            new("latency-keys", Latency + "--num-records 3 --record-size 10 --record-key-size 5"),
            new("latency-headers", Latency + "--num-records 3 --record-size 10 --num-headers 2 --record-header-key-size 3 --record-header-size 4"),
            new("latency-null-headers", Latency + "--num-records 3 --record-size 10 --num-headers 1 --record-header-key-size 3 --record-header-size=-1"),
            new("latency-optional", Latency + "--num-records 3 --record-size 10 --num-headers --record-key-size"),
            new("latency-config", Latency + "--num-records 3 --record-size 10 --command-config SCRATCH/client.properties"),
            new("latency-places", "e2e-latency BOOTSTRAP fast 3 1 10"),
            new("latency-places-config", "e2e-latency BOOTSTRAP fast 3 all 10 SCRATCH/client.properties"),
            new("latency-too-few", "e2e-latency BOOTSTRAP fast 3"),
            new("latency-too-many", "e2e-latency BOOTSTRAP fast 3 1 10 a b"),
            new("latency-places-acks", "e2e-latency BOOTSTRAP fast 3 0 10"),
            new("latency-places-number", "e2e-latency BOOTSTRAP fast three 1 10"),
            new("latency-no-bootstrap", "e2e-latency --topic fast --num-records 1 --producer-acks 1 --record-size 1"),
            new("latency-no-topic", "e2e-latency B --num-records 1 --producer-acks 1 --record-size 1"),
            new("latency-no-count", "e2e-latency B --topic fast --producer-acks 1 --record-size 1"),
            new("latency-no-acks", "e2e-latency B --topic fast --num-records 1 --record-size 1"),
            new("latency-no-size", "e2e-latency B --topic fast --num-records 1 --producer-acks 1"),
            new("latency-odd-option", Latency + "--num-records 1 --record-size 1 --bogus"),
            new("latency-odd-acks", "e2e-latency B --topic fast --num-records 1 --record-size 1 --producer-acks 0"),
            new("latency-odd-count", Latency + "--num-records some --record-size 1"),
            new("latency-zero-count", Latency + "--num-records 0 --record-size 1"),
            new("latency-negative-size", Latency + "--num-records 1 --record-size=-1"),
            new("latency-negative-key", Latency + "--num-records 1 --record-size 1 --record-key-size=-1"),
            new("latency-negative-headers", Latency + "--num-records 1 --record-size 1 --num-headers=-1"),
            new("latency-negative-header-key", Latency + "--num-records 1 --record-size 1 --record-header-key-size=-1"),
            new("latency-negative-header", Latency + "--num-records 1 --record-size 1 --record-header-size=-2"),
            new("latency-no-file", Latency + "--num-records 1 --record-size 1 --command-config /nowhere/at/all"),
        ]),
    ];

    private static readonly ShimCase[] _ofShare =
    [
        .. Masked(
        [
            new("share", Share + "--group-id fair --max-messages 3 --offset-reset-strategy earliest"),
            new("share-sync", Share + "--group-id synced --max-messages 3 --offset-reset-strategy EARLIEST --acknowledgement-mode sync"),
            new("share-async", Share + "--group-id asynced --max-messages 3 --offset-reset-strategy earliest --acknowledgement-mode ASYNC --verbose"),
            new("share-latest", Share + "--group-id late --max-messages 0 --offset-reset-strategy latest"),
            new("share-none", Share + "--group-id none --max-messages 0"),
            new("share-odd-strategy", Share + "--group-id odd --max-messages 0 --offset-reset-strategy sometimes"),
            new("share-config", Share + "--group-id told --max-messages 2 --offset-reset-strategy earliest --command-config SCRATCH/client.properties"),
        ]),
    ];

    /// <summary>The call that says that our node has no share groups.</summary>
    private static readonly ShimCase[] _ofOurs = [_ofShare[0] with { NotYet = NotServed }];

    public static IReadOnlyList<ShimCase> Of(bool hasShareGroups) => [.. _ofBoth, .. hasShareGroups ? _ofShare : _ofOurs];

    public static void WriteFiles(ScratchFolder scratch)
    {
        File.WriteAllText(scratch["producer.properties"], "linger.ms=0\nclient.id=told\n");
        File.WriteAllText(scratch["consumer.properties"], "max.poll.records=2\n");
        File.WriteAllText(scratch["client.properties"], "client.id=told\n");
    }

    private static IEnumerable<ShimCase> Masked(IEnumerable<ShimCase> cases) => cases.Select(c => c with { AlsoMask = WithoutTimes });

    private static string WithoutTimes(string text)
    {
        text = Regex.Replace(text, @"""(timestamp|avg_throughput)"":(TIME|[\d.E-]+)", "\"$1\":N");
        text = Regex.Replace(text, @"^(\d+)\t[\d.E-]+$", "$1\tN", RegexOptions.Multiline);
        text = Regex.Replace(text, @"^.*\[Producer clientId=.*\n", "", RegexOptions.Multiline);
        // They are out of a hash.
        text = Regex.Replace(text, @"(?<=""offsets"":\[)[\d,]+", m => string.Join(',', m.Value.Split(',').OrderBy(int.Parse)));
        return Regex.Replace(text, @"(latency: |th = )[\d.]+", "$1N");
    }
}
