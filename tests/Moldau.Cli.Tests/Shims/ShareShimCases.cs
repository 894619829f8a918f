using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Calls of the scripts for share groups, in the order in which they are made on a new cluster.</summary>
internal static class ShareShimCases
{
    private const string NoShareGroups = "has no version";
    private const string Earliest = "--add-config share.auto.offset.reset=earliest";
    private const string Reset = "share-groups B --reset-offsets --group fair ";

    /// <summary>Calls that our node answers too.</summary>
    private static readonly ShimCase[] _ofBoth =
    [
        new("produce-one", "console-producer B --topic one --reader-property parse.key=true --reader-property key.separator=:", "a:1\nb:2\nc:3\nd:4\ne:5\n"),
        new("produce-orders", "console-producer B --topic orders --reader-property parse.key=true --reader-property key.separator=:", "a:1\nb:2\nc:3\nd:4\n"),
        new("classic-group", "console-consumer B --topic one --from-beginning --max-messages 2 --group shop --timeout-ms 30000"),
        new("groups-consumer", "groups B --list --consumer") { IsUnordered = true },
        new("groups-type-classic", "groups B --list --group-type classic") { IsUnordered = true },
        new("groups-type-upper", "groups B --list --group-type CONSUMER"),
        new("groups-protocol", "groups B --list --protocol consumer") { IsUnordered = true },
        new("groups-protocol-other", "groups B --list --protocol connect"),
        new("groups-type-protocol", "groups B --list --group-type classic --protocol consumer"),
        new("groups-type-odd", "groups B --list --group-type bogus"),
        new("groups-type-unknown", "groups B --list --group-type unknown"),
        new("groups-no-action", "groups B"),
        new("groups-no-action-type", "groups B --group-type bogus"),
        new("groups-no-bootstrap", "groups --list"),
        new("groups-no-value", "groups --list --bootstrap-server"),
        new("groups-odd-option", "groups B --list --bogus"),
        new("groups-consumer-share", "groups B --list --consumer --share"),
        new("groups-consumer-type", "groups B --list --consumer --group-type classic"),
        new("groups-consumer-streams", "groups B --list --consumer --streams"),
        new("groups-share-protocol", "groups B --list --share --protocol share"),
        new("groups-share-streams", "groups B --list --streams --share"),
        new("groups-streams-type", "groups B --list --streams --group-type streams"),
        new("groups-config", "groups B --list --consumer --command-config SCRATCH/client.properties") { IsUnordered = true },
        new("groups-no-config", "groups B --list --command-config /nowhere/at/all"),
        new("share-no-bootstrap", "share-groups --list"),
        new("share-no-action", "share-groups B"),
        new("share-two-actions", "share-groups B --list --describe --group fair"),
        new("share-odd-option", "share-groups B --bogus"),
        new("share-no-value", "share-groups B --describe --group"),
        new("share-odd-timeout", "share-groups B --list --timeout soon"),
        new("share-describe-nothing", "share-groups B --describe") { AlsoMask = Sorted },
        new("share-describe-two", "share-groups B --describe --group fair --members --offsets"),
        new("share-describe-state-value", "share-groups B --describe --group fair --state Empty"),
        new("share-members-list", "share-groups B --list --members"),
        new("share-verbose-list", "share-groups B --list --verbose"),
        new("share-state-delete", "share-groups B --delete --group fair --state"),
        new("share-group-all", "share-groups B --describe --group fair --all-groups"),
        new("share-list-group", "share-groups B --list --group fair"),
        new("share-list-topic", "share-groups B --list --topic one"),
        new("share-list-odd-state", "share-groups B --list --state Stable,Bogus") { AlsoMask = Sorted },
        new("share-list-other-state", "share-groups B --list --state PreparingRebalance") { AlsoMask = Sorted },
        new("share-delete-nothing", "share-groups B --delete"),
        new("share-delete-all-group", "share-groups B --delete --all-groups --group fair"),
        new("share-delete-topic", "share-groups B --delete --group fair --topic one"),
        new("share-forget-nothing", "share-groups B --delete-offsets --group fair") { AlsoMask = Sorted },
        new("share-forget-topic", "share-groups B --delete-offsets --topic one") { AlsoMask = Sorted },
        new("share-reset-nothing", "share-groups B --reset-offsets"),
        new("share-reset-both", Reset + "--topic one --to-earliest --dry-run --execute"),
        new("share-reset-neither", Reset + "--topic one --to-earliest"),
        new("share-reset-no-group", "share-groups B --reset-offsets --to-earliest --topic one --dry-run"),
        new("share-reset-no-scope", Reset + "--to-earliest --dry-run"),
        new("share-reset-two-ways", Reset + "--to-earliest --to-latest --dry-run --topic one"),
        new("share-reset-three-ways", Reset + "--to-earliest --to-datetime 2025-01-01T00:00:00.000 --dry-run --topic one"),
        new("share-reset-all-groups", "share-groups B --reset-offsets --all-groups --to-earliest --topic one --dry-run"),
        new("share-no-config", "share-groups B --list --command-config /nowhere/at/all"),
        new("console-share-no-topic", "console-share-consumer B"),
        new("console-share-no-bootstrap", "console-share-consumer --topic one"),
        new("console-share-odd-option", "console-share-consumer B --topic one --from-beginning"),
        new("console-share-odd-number", "console-share-consumer B --topic one --max-messages many"),
        new("console-share-both", "console-share-consumer B --topic one --release --reject"),
        new("console-share-groups", "console-share-consumer B --topic one --group fair --consumer-property group.id=other") { AlsoMask = Sorted },
        new("console-share-groups-again", "console-share-consumer B --topic one --group fair --command-property group.id=other") { AlsoMask = Sorted },
        new("console-share-two-kinds", "console-share-consumer B --topic one --consumer-property a=b --command-property c=d"),
        new("console-share-two-files", "console-share-consumer B --topic one --consumer-config SCRATCH/client.properties --command-config SCRATCH/client.properties"),
        new("console-share-two-formats", "console-share-consumer B --topic one --property a=b --formatter-property c=d"),
        new("console-share-no-file", "console-share-consumer B --topic one --command-config /nowhere/at/all"),
        new("console-share-no-formatter", "console-share-consumer B --topic one --formatter no.Such"),
        new("console-share-odd-pair", "console-share-consumer B --topic one --max-messages 0 --command-property client.id"),
    ];

    /// <summary>Calls that need a node with share groups.</summary>
    private static readonly ShimCase[] _ofShare =
    [
        new("consumer-group", "console-consumer B --topic one --from-beginning --max-messages 2 --group modern --timeout-ms 30000 "
            + "--command-property group.protocol=consumer"),
        new("groups-consumer-both", "groups B --list --consumer") { IsUnordered = true },
        new("groups-type-consumer", "groups B --list --group-type consumer"),
        new("groups-share-first", "groups B --list --share"),
        new("share-list-first", "share-groups B --list"),
        new("share-list-first-state", "share-groups B --list --state"),
        new("configure-fair", $"configs B --alter --entity-type groups --entity-name fair {Earliest}"),
        new("configure-wide", $"configs B --alter --entity-type groups --entity-name wide {Earliest}"),
        new("configure-again", $"configs B --alter --entity-type groups --entity-name again {Earliest}"),
        new("configure-bad", $"configs B --alter --entity-type groups --entity-name bad {Earliest}"),
        new("console-share", "console-share-consumer B --topic one --group fair --max-messages 3 --timeout-ms 30000"),
        new("console-share-rest", "console-share-consumer B --topic one --group fair --timeout-ms 3000 --formatter-property print.key=true "
            + "--formatter-property print.offset=true --formatter-property print.partition=true"),
        new("share-describe", "share-groups B --describe --group fair"),
        new("console-share-formatted", "console-share-consumer B --topic one --group bad --release --max-messages 2 --timeout-ms 30000 "
            + "--formatter-property print.delivery=true --formatter-property print.epoch=true --formatter-property print.headers=true"),
        new("console-share-release", "console-share-consumer B --topic one --group again --release --max-messages 2 --timeout-ms 30000"),
        new("console-share-again", "console-share-consumer B --topic one --group again --max-messages 2 --timeout-ms 30000 "
            + "--formatter-property print.delivery=true --formatter-property print.key=true --formatter-property key.separator=|"),
        new("console-share-reject", "console-share-consumer B --topic one --group again --reject --max-messages 2 --timeout-ms 30000 "
            + "--formatter-config SCRATCH/formatter.properties"),
        new("console-share-last", "console-share-consumer B --topic one --group again --max-messages 1 --timeout-ms 30000 --enable-systest-events "
            + "--consumer-property client.id=me"),
        new("console-share-none", "console-share-consumer B --topic one --group again --timeout-ms 2000 --enable-systest-events"),
        new("console-share-zero", "console-share-consumer B --topic one --group again --max-messages 0"),
        new("console-share-wide", "console-share-consumer B --topic orders --group wide --max-messages 4 --timeout-ms 30000 --command-property max.poll.records=100")
        { IsUnordered = true },
        new("console-share-bad", "console-share-consumer B --topic one --group bad --max-messages 2 --timeout-ms 30000 "
            + "--value-deserializer org.apache.kafka.common.serialization.IntegerDeserializer"),
        new("console-share-bad-rejected", "console-share-consumer B --topic one --group bad --max-messages 2 --timeout-ms 30000 --reject-message-on-error "
            + "--value-deserializer org.apache.kafka.common.serialization.IntegerDeserializer"),
        new("console-share-config", "console-share-consumer B --topic one --max-messages 1 --timeout-ms 30000 --consumer-config SCRATCH/bad-group.properties"),
        new("console-share-silent", "console-share-consumer B --topic one --group bad --max-messages 1 --timeout-ms 30000 "
            + "--formatter org.apache.kafka.tools.consumer.NoOpMessageFormatter"),
        new("groups-all", "groups B --list") { IsUnordered = true },
        new("groups-share", "groups B --list --share") { IsUnordered = true },
        new("groups-streams", "groups B --list --streams"),
        new("groups-type-share", "groups B --list --group-type share --protocol share") { IsUnordered = true },
        new("share-list", "share-groups B --list") { IsUnordered = true },
        new("share-list-state", "share-groups B --list --state") { IsUnordered = true },
        new("share-list-empty", "share-groups B --list --state Empty") { IsUnordered = true },
        new("share-list-stable", "share-groups B --list --state stable") { IsUnordered = true },
        new("share-list-both", "share-groups B --list --state=Stable,Empty --timeout 10000") { IsUnordered = true },
        new("share-list-dead", "share-groups B --list --state Dead"),
        new("share-describe-all", "share-groups B --describe --all-groups"),
        new("share-describe-offsets", "share-groups B --describe --group fair --group wide --offsets --verbose"),
        new("share-describe-state", "share-groups B --describe --group fair --state"),
        new("share-describe-state-verbose", "share-groups B --describe --group live --state --verbose"),
        new("share-describe-members", "share-groups B --describe --group live --members"),
        new("share-describe-members-verbose", "share-groups B --describe --group live --members --verbose"),
        new("share-describe-members-none", "share-groups B --describe --group fair --members"),
        new("share-describe-live", "share-groups B --describe --group live"),
        new("share-describe-missing", "share-groups B --describe --group nobody"),
        new("share-describe-missing-state", "share-groups B --describe --group fair --group nobody --state"),
        new("share-describe-classic", "share-groups B --describe --group shop"),
        new("share-describe-config", "share-groups B --describe --group fair --command-config SCRATCH/client.properties"),
        new("share-reset-earliest-dry", Reset + "--topic one --to-earliest --dry-run"),
        new("share-reset-earliest", Reset + "--topic one --to-earliest --execute"),
        new("share-describe-reset", "share-groups B --describe --group fair"),
        new("share-reset-two-scopes", Reset + "--to-earliest --dry-run --all-topics --topic one"),
        new("share-reset-latest", Reset + "--all-topics --to-latest --execute"),
        new("share-reset-partition", Reset + "--topic one:0 --to-earliest --execute"),
        new("share-reset-other-topic", Reset + "--topic orders:0,2 --to-latest --execute") { IsUnordered = true },
        new("share-reset-two-topics", Reset + "--topic orders --topic one --to-earliest --execute") { IsUnordered = true },
        new("share-reset-time", Reset + "--topic one --to-datetime 2020-01-01T00:00:00.000 --dry-run"),
        new("share-reset-time-zone", Reset + "--topic one --to-datetime 2020-01-01T00:00:00+02:00 --dry-run"),
        new("share-reset-future", Reset + "--topic one --to-datetime 2040-01-01T00:00:00.000Z --dry-run"),
        new("share-reset-odd-time", Reset + "--topic one --to-datetime yesterday --dry-run"),
        new("share-reset-no-way", Reset + "--topic one --dry-run") { AlsoMask = Sorted },
        new("share-reset-odd-partition", Reset + "--topic one:x --to-earliest --dry-run"),
        new("share-reset-odd-topic", Reset + "--topic one:0:1 --to-earliest --dry-run"),
        new("share-reset-missing-partition", Reset + "--topic one:7 --to-earliest --dry-run"),
        new("share-reset-missing-topic", Reset + "--topic nowhere --to-earliest --dry-run"),
        new("share-reset-missing-topic-partition", Reset + "--topic nowhere:0 --to-earliest --execute"),
        new("share-reset-missing-group", "share-groups B --reset-offsets --group nobody --topic one --to-earliest --dry-run"),
        new("share-reset-missing-group-all", "share-groups B --reset-offsets --group nobody --all-topics --to-earliest --dry-run"),
        new("share-reset-new-group", "share-groups B --reset-offsets --group newcomer --topic one --to-earliest --execute"),
        new("share-reset-live", "share-groups B --reset-offsets --group live --topic one --to-earliest --execute"),
        new("share-reset-classic", "share-groups B --reset-offsets --group shop --topic one --to-earliest --execute"),
        new("share-forget", "share-groups B --delete-offsets --group fair --topic orders"),
        new("share-forget-two", "share-groups B --delete-offsets --group fair --topic one --topic nowhere"),
        new("share-forget-missing", "share-groups B --delete-offsets --group nobody --topic one"),
        new("share-forget-live", "share-groups B --delete-offsets --group live --topic one"),
        new("share-forget-classic", "share-groups B --delete-offsets --group shop --topic one"),
        new("share-describe-forgotten", "share-groups B --describe --group fair"),
        new("share-delete", "share-groups B --delete --group fair"),
        new("share-delete-missing", "share-groups B --delete --group nobody"),
        new("share-delete-live", "share-groups B --delete --group live"),
        new("share-delete-classic", "share-groups B --delete --group shop"),
        new("share-delete-some", "share-groups B --delete --group wide --group live"),
        new("share-delete-two", "share-groups B --delete --group again --group bad") { AlsoMask = Sorted },
        new("share-delete-all", "share-groups B --delete --all-groups") { AlsoMask = Sorted },
        new("share-list-end", "share-groups B --list"),
        new("console-share-own-group", "console-share-consumer B --topic one --max-messages 2 --timeout-ms 2000 --property print.key=true"),
    ];

    /// <summary>Calls that say that our node has no share groups.</summary>
    private static readonly ShimCase[] _ofOurs = [.. _ofShare
        .Where(c => c.Name is "console-share" or "share-describe" or "share-reset-earliest" or "share-forget" or "console-share-own-group")
        .Select(c => c with { NotYet = NoShareGroups })];

    public static IReadOnlyList<ShimCase> Of(bool hasShareGroups) => [.. _ofBoth, .. hasShareGroups ? _ofShare : _ofOurs];

    public static void WriteFiles(ScratchFolder scratch)
    {
        File.WriteAllText(scratch["client.properties"], "request.timeout.ms=30000\nclient.id=told\n");
        File.WriteAllText(scratch["formatter.properties"], "print.value=false\nprint.partition=true\nprint.offset=true\n");
        File.WriteAllText(scratch["bad-group.properties"], "group.id=bad\nmax.poll.records=3\n");
    }

    /// <summary>Names and options in the order of the alphabet: the original has them out of a hash.</summary>
    private static string Sorted(string text) => Regex.Replace(
        text, @"(?:(?:\[[a-z-]+\]|'[a-z]+'|\b(?:Empty|Stable|Dead)\b)(?:, )?){2,}",
        m => string.Join(", ", m.Value.Split(", ").Order(StringComparer.Ordinal)));
}
