using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers.Wire;

namespace Moldau.Cli.Tests.Formats;

/// <summary>One call of each verb that prints rows.</summary>
/// <param name="Line">The verb and what it takes. N in a word stands for a letter that differs from format to format, so that
/// a verb that changes something can be called once for each; SCRATCH and DATA are folders.</param>
internal sealed record FormatCase(string Line)
{
    /// <summary>Numbers, sizes and times differ from run to run: they are masked, the rest is the same.</summary>
    public bool IsMeasured { get; init; }

    /// <summary>What else differs from run to run or from machine to machine: an expression, and what stands for it.</summary>
    public IReadOnlyList<(string Expression, string Name)> Masks { get; init; } = [];

    /// <summary>Runs in an empty folder, which is that of temporary files too, and may open 512 files at most: what is said of the
    /// machine is the same everywhere.</summary>
    public bool IsOfMachine { get; init; }

    /// <summary>An option makes other rows of it than <c>-o schema</c> tells.</summary>
    public bool HasOwnFields { get; init; }

    /// <summary>What the verb finds in its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>What has to be there first: made for the port of the node and each letter, where the node offers the verb.</summary>
    public Action<int, string>? Before { get; init; }

    /// <summary>Speaks with no cluster: called when it has stopped.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Standard input.</summary>
    public string? Input { get; init; }

    public string Verb => string.Join(' ', Line.Split(' ').Take(Line.StartsWith("produce", StringComparison.Ordinal)
        || Line.StartsWith("health", StringComparison.Ordinal) || Line.StartsWith("doctor", StringComparison.Ordinal)
        || Line.StartsWith("top -", StringComparison.Ordinal) ? 1 : 2));
}

internal static class FormatCases
{
    /// <summary>Verbs that print no rows of their own, or none twice, with the reason.</summary>
    public static readonly Dictionary<string, string> Exempt = new(StringComparer.Ordinal)
    {
        ["consume"] = "prints records; its own formats are in RecordVerbTests",
        ["completion"] = "prints a script",
        ["profile prompt"] = "prints a name",
        ["storage random-uuid"] = "prints an id",
        ["quorum shell"] = "prints what its commands find; its formats are in QuorumShellTests",
        ["partition cancel"] = "needs a move that lasts, between two nodes; PairFormatTests",
    };

    /// <summary>One property gets another value, one goes back to its default.</summary>
    private static readonly Dictionary<string, string> Edits = new() { ["EDITOR"] = "sed -i -e s/=5000/=6000/ -e /^segment.bytes/d" };

    /// <summary>A member's id is the client's, and letters by chance.</summary>
    private static readonly (string, string)[] Members = [(@"probe-[0-9a-f]{8}-[0-9a-f-]{27}|probe-[\w-]{22}", "MEMBER")];

    /// <summary>Every number but that of the records, which is what was asked for.</summary>
    private static readonly (string, string)[] MeasuredByBench =
    [
        (@"(?m)(?<=^(?:append|sync) +\d+ .*)\d[\d.]*(?:E-?\d+)?", "N"), (@"(?<=(?:seconds|PerSecond|Ms)""?: ?)\d[\d.]*(?:E-?\d+)?", "N"),
    ];

    /// <summary>In order: later ones see what earlier ones made.</summary>
    public static readonly FormatCase[] All =
    [
        new("topic create made-N -p 2 -c retention.ms=86400000"),
        new("topic list orders"),
        new("topic describe orders"),
        new("topic set made-N retention.ms=3600000"),
        new("topic unset made-N retention.ms"),
        new("topic grow made-N --to 3"),
        new("topic analyze orders -p 0") { IsMeasured = true },
        new("topic copy orders copy-N") { IsMeasured = true },
        new("topic trim orders -o 1 --dry-run"),
        new("topic trim copy-N -o 1 -y"),
        new("topic delete made-N --dry-run"),
        new("topic delete made-N -y"),
        new("produce copy-N -p 1") { Input = "one\ntwo\n" },
        new("group list"),
        new("group describe shop"),
        new("group lag shop"),
        new("top -n 1 --every 10ms -l 1") { IsMeasured = true },
        new("top brokers -n 1 --every 10ms") { IsMeasured = true },
        new("top groups -n 1 --every 10ms") { IsMeasured = true },
        new("group seek shop --to start --dry-run"),
        new("group seek shop-N --to group:shop --topic orders -y"),
        new("group forget shop orders --dry-run"),
        new("group forget shop-N orders -y"),
        new("group seek gone-N --to end --topic orders -y"),
        new("group delete shop --dry-run"),
        new("group delete gone-N -y"),
        new("config get topic orders retention.ms"),
        new("config set topic orders segment.bytes=2000000"),
        new("config diff topic orders copy-a"),
        new("config unset topic orders segment.bytes"),
        new("config explain retention.ms"),
        new("broker list"),
        new("broker describe 1") { IsMeasured = true },
        new("broker unregister 1 --dry-run") { IsMeasured = true },
        new("cluster features") { IsMeasured = true },
        new("log dirs 1 --topic orders") { IsMeasured = true },
        new("partition list orders"),
        new("partition lead orders/0 --to 1 --dry-run"),
        new("partition move orders/0 --to 1 --dry-run"),
        new("partition elect orders/0 --dry-run"),
        new("partition lead orders/0 --to 1 -y"),
        new("txn list"),
        new("txn hanging orders"),
        new("quorum status") { IsMeasured = true },
        new("quorum remove 1 --dry-run"),
        new("quorum add 2 --directory 3Db5QLSqSZieL3rJBUUegA --at CONTROLLER://localhost:1 --dry-run"),
        new("share list"),
        new("user create alice-N --scram sha256 --password secret"),
        new("user list alice-a"),
        new("user delete alice-a --dry-run"),
        new("user delete alice-N -y"),
        new("quota set --user bob-N produce=10MB/s request=12.5%"),
        new("quota list --user bob-a"),
        new("quota clear --user bob-a --dry-run"),
        new("quota clear --user bob-N -y"),
        new("acl grant --user carol-N --topic orders --op read"),
        new("acl list --user carol-a"),
        new("acl check --user carol-a --topic orders --op read"),
        new("acl revoke --user carol-a --dry-run"),
        new("acl revoke --user carol-N -y"),
        new("health"),
        new("doctor") { IsOfMachine = true, Masks = [(@"\d+ APIs, as of Apache Kafka \d+\.\d+ or", "N APIs, as of Apache Kafka N or"), (@"\d+ MiB free \(\d+ %\)", "N MiB free (N %)")] },
        new("bench produce bench -n 200 -s 10") { IsMeasured = true },
        new("bench consume bench") { IsMeasured = true },
        new("bench e2e bench -n 20 --rate 1k") { IsMeasured = true },
        new("bench net -n 20") { IsMeasured = true },
        new("topic create edited-N -p 1 -c retention.ms=5000 -c segment.bytes=2000000"),
        new("config edit topic edited-N --dry-run") { Environment = Edits },
        new("config edit topic edited-N -y") { Environment = Edits },
        new("group evict team-N --all --dry-run") { Before = (port, letter) => ClassicMember.Join(port, $"team-{letter}", "orders"), Masks = Members },
        new("group evict team-N --all -y") { Masks = Members },
        new("share seek pool-N --to 1 --topic orders --dry-run") { Before = (port, letter) => ShareMember.JoinAndLeave(port, $"pool-{letter}", "orders") },
        new("share seek pool-N --to 1 --topic orders -y"),
        // Only now is it sure that the coordinator knows of both partitions.
        new("share describe pool-N") { IsMeasured = true },
        new("share delete pool-N --topic orders --dry-run"),
        new("share delete pool-N --topic orders -y") { HasOwnFields = true },
        new("share delete pool-N --dry-run"),
        new("share delete pool-N -y"),
        new("txn describe copier-N") { Before = (port, letter) => HandMadeTransaction.Begin(port, $"copier-{letter}", "orders"), IsMeasured = true },
        new("txn abort copier-N --dry-run") { IsMeasured = true },
        new("txn abort copier-N -y"),
        new("bench disk SCRATCH -s 1") { IsOffline = true, Masks = MeasuredByBench },
        new("profile add prof-N -b here:1") { IsOffline = true },
        new("profile list") { IsMeasured = true, IsOffline = true },
        new("profile use prof-a") { IsOffline = true },
        new("profile show prof-a") { IsOffline = true },
        new("profile edit prof-N") { IsOffline = true, Environment = new Dictionary<string, string> { ["EDITOR"] = "sed -i s/here:1/there:2/" } },
        new("profile import properties SCRATCH/N.properties --as new-N -b here:1") { IsOffline = true },
        new("profile remove prof-N") { IsOffline = true },
        new("storage format -c SCRATCH/N.properties -t 3Db5QLSqSZieL3rJBUUegA --standalone") { IsMeasured = true, IsOffline = true },
        new("storage info -c SCRATCH/a.properties") { IsMeasured = true, IsOffline = true },
        new("log dump DATA/orders-0/00000000000000000000.log") { IsMeasured = true, IsOffline = true },
        new("log verify DATA/orders-0") { IsMeasured = true, IsOffline = true },
    ];
}
