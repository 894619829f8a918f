using Moldau.Base;

namespace Moldau.Client;

/// <summary>The consumer's properties.</summary>
internal static class ConsumerRows
{
    private const string ByDuration = "by_duration:";

    /// <summary>Java's names of assignors are names of classes of this package.</summary>
    private const string JavaPackage = "org.apache.kafka.clients.consumer.";

    public static IEnumerable<PropertyRow> All() => [.. Groups(), .. Reading(), .. Sharing()];

    private static IEnumerable<PropertyRow> Groups() =>
    [
        PropertyRow.OfConsumer("group.id", "GroupId", (o, v) => o with { GroupId = v.OrNull }) with
        {
            Share = (o, v) => o with { GroupId = v.Text },
        },
        PropertyRow.OfConsumer("group.instance.id", "GroupInstanceId", (o, v) => o with { GroupInstanceId = v.OrNull }),
        PropertyRow.OfConsumer("group.protocol", "GroupProtocol", (o, v) => o with
        {
            GroupProtocol = v.OneOf(("classic", GroupProtocol.Classic), ("consumer", GroupProtocol.Consumer)),
        }),
        PropertyRow.OfConsumer("group.remote.assignor", "GroupRemoteAssignor", (o, v) => o with { GroupRemoteAssignor = v.OrNull }),
        PropertyRow.OfConsumer("partition.assignment.strategy", "PartitionAssignmentStrategy",
            (o, v) => o with { PartitionAssignmentStrategy = Assignors(v) }),
        PropertyRow.OfConsumer("session.timeout.ms", "SessionTimeout", (o, v) => o with { SessionTimeout = v.Span }),
        PropertyRow.OfConsumer("heartbeat.interval.ms", "HeartbeatInterval", (o, v) => o with { HeartbeatInterval = v.Span }),
        PropertyRow.OfConsumer("max.poll.interval.ms", "MaxPollInterval", (o, v) => o with { MaxPollInterval = v.Span }),
        PropertyRow.OfConsumer("max.poll.records", "MaxPollRecords", (o, v) => o with { MaxPollRecords = v.Int(min: 1) }) with
        {
            Share = (o, v) => o with { MaxPollRecords = v.Int(min: 1) },
        },
        PropertyRow.OfConsumer("enable.auto.commit", "EnableAutoCommit", (o, v) => o with { EnableAutoCommit = v.Bool }),
        PropertyRow.OfConsumer("auto.commit.interval.ms", "AutoCommitInterval", (o, v) => o with { AutoCommitInterval = v.Span }),
        PropertyRow.OfConsumer("commit.only.done", "CommitOnlyDone", (o, v) => o with { CommitOnlyDone = v.Bool }),
    ];

    private static IEnumerable<PropertyRow> Reading() =>
    [
        PropertyRow.OfConsumer("auto.offset.reset", "OffsetReset", (o, v) => o with { OffsetReset = Reset(v) }, "AutoOffsetReset"),
        PropertyRow.OfConsumer("isolation.level", "IsolationLevel", (o, v) => o with
        {
            IsolationLevel = v.OneOf(
                ("read_uncommitted", IsolationLevel.ReadUncommitted), ("read_committed", IsolationLevel.ReadCommitted),
                ("ReadUncommitted", IsolationLevel.ReadUncommitted), ("ReadCommitted", IsolationLevel.ReadCommitted)),
        }),
        PropertyRow.OfConsumer("fetch.min.bytes", "FetchMinBytes", (o, v) => o with { FetchMinBytes = v.Int() }) with
        {
            Share = (o, v) => o with { FetchMinBytes = v.Int() },
        },
        PropertyRow.OfConsumer("fetch.max.bytes", "FetchMaxBytes", (o, v) => o with { FetchMaxBytes = v.Int() }) with
        {
            Share = (o, v) => o with { FetchMaxBytes = v.Int() },
        },
        PropertyRow.OfConsumer("max.partition.fetch.bytes", "MaxPartitionFetchBytes",
            (o, v) => o with { MaxPartitionFetchBytes = v.Int() }, "fetch.message.max.bytes"),
        PropertyRow.OfConsumer("fetch.max.wait.ms", "FetchMaxWait", (o, v) => o with { FetchMaxWait = v.Span }, "fetch.wait.max.ms") with
        {
            Share = (o, v) => o with { FetchMaxWait = v.Span },
        },
        PropertyRow.OfConsumer("allow.auto.create.topics", "AllowAutoCreateTopics", (o, v) => o with { AllowAutoCreateTopics = v.Bool }),
        PropertyRow.OfConsumer("check.crcs", "CheckCrcs", (o, v) => o with { CheckCrcs = v.Bool }) with
        {
            Share = (o, v) => o with { CheckCrcs = v.Bool },
        },
    ];

    private static IEnumerable<PropertyRow> Sharing() =>
    [
        PropertyRow.OfShareConsumer("share.acknowledgement.mode", "ShareAcknowledgementMode", (o, v) => o with
        {
            AcknowledgementMode = v.OneOf(
                ("implicit", ShareAcknowledgementMode.Implicit), ("explicit", ShareAcknowledgementMode.Explicit)),
        }),
        PropertyRow.OfShareConsumer("share.acquire.mode", "ShareAcquireMode", (o, v) => o with
        {
            AcquireMode = v.OneOf(
                ("batch_optimized", ShareAcquireMode.BatchOptimized), ("record_limit", ShareAcquireMode.RecordLimit),
                ("BatchOptimized", ShareAcquireMode.BatchOptimized), ("RecordLimit", ShareAcquireMode.RecordLimit)),
        }),
    ];

    /// <summary>Assignors by the names that groups know, or by Java's classes; null for none, which leaves the default.</summary>
    private static IReadOnlyList<string>? Assignors(PropertyText value)
    {
        List<string> names = [];
        foreach (string given in value.List)
        {
            string name = given.StartsWith(JavaPackage, StringComparison.Ordinal) ? given[JavaPackage.Length..] : given;
            names.Add(name switch
            {
                "RangeAssignor" => "range",
                "RoundRobinAssignor" => "roundrobin",
                "StickyAssignor" => "sticky",
                "CooperativeStickyAssignor" => "cooperative-sticky",
                _ when GroupAssignors.Find(name) is not null => name,
                _ => throw value.Wrong($"a list out of {string.Join(", ", GroupAssignors.All.Select(a => a.Name))}"),
            });
        }

        return names.Count > 0 ? names : null;
    }

    private static OffsetReset Reset(PropertyText value)
    {
        if (!value.Text.StartsWith(ByDuration, StringComparison.OrdinalIgnoreCase))
        {
            return value.OneOf(
                ("latest", OffsetReset.Latest), ("earliest", OffsetReset.Earliest), ("none", OffsetReset.None),
                ("end", OffsetReset.Latest), ("largest", OffsetReset.Latest), ("beginning", OffsetReset.Earliest),
                ("smallest", OffsetReset.Earliest), ("error", OffsetReset.None));
        }

        return PropertyText.TryIso8601(value.Text[ByDuration.Length..], out Duration back)
            ? OffsetReset.ByDuration(back)
            : throw value.Wrong("by_duration: and a time as ISO 8601 writes it, such as by_duration:P3DT12H");
    }
}
