using Moldau.Base;

namespace Moldau.Client;

/// <summary>The consumer's properties.</summary>
internal static class ConsumerRows
{
    private const string ByDuration = "by_duration:";

    public static IEnumerable<PropertyRow> All() =>
    [
        PropertyRow.OfConsumer("group.id", "GroupId", (o, v) => o with { GroupId = v.OrNull }),
        PropertyRow.OfConsumer("group.instance.id", "GroupInstanceId", (o, v) => o with { GroupInstanceId = v.OrNull }),
        PropertyRow.OfConsumer("auto.offset.reset", "OffsetReset", (o, v) => o with { OffsetReset = Reset(v) }, "AutoOffsetReset"),
        PropertyRow.OfConsumer("isolation.level", "IsolationLevel", (o, v) => o with
        {
            IsolationLevel = v.OneOf(
                ("read_uncommitted", IsolationLevel.ReadUncommitted), ("read_committed", IsolationLevel.ReadCommitted),
                ("ReadUncommitted", IsolationLevel.ReadUncommitted), ("ReadCommitted", IsolationLevel.ReadCommitted)),
        }),
        PropertyRow.OfConsumer("enable.auto.commit", "EnableAutoCommit", (o, v) => o with { EnableAutoCommit = v.Bool }),
        PropertyRow.OfConsumer("auto.commit.interval.ms", "AutoCommitInterval", (o, v) => o with { AutoCommitInterval = v.Span }),
        PropertyRow.OfConsumer("commit.only.done", "CommitOnlyDone", (o, v) => o with { CommitOnlyDone = v.Bool }),
        PropertyRow.OfConsumer("fetch.min.bytes", "FetchMinBytes", (o, v) => o with { FetchMinBytes = v.Int() }),
        PropertyRow.OfConsumer("fetch.max.bytes", "FetchMaxBytes", (o, v) => o with { FetchMaxBytes = v.Int() }),
        PropertyRow.OfConsumer("max.partition.fetch.bytes", "MaxPartitionFetchBytes",
            (o, v) => o with { MaxPartitionFetchBytes = v.Int() }, "fetch.message.max.bytes"),
        PropertyRow.OfConsumer("fetch.max.wait.ms", "FetchMaxWait", (o, v) => o with { FetchMaxWait = v.Span }, "fetch.wait.max.ms"),
        PropertyRow.OfConsumer("session.timeout.ms", "SessionTimeout", (o, v) => o with { SessionTimeout = v.Span }),
        PropertyRow.OfConsumer("heartbeat.interval.ms", "HeartbeatInterval", (o, v) => o with { HeartbeatInterval = v.Span }),
        PropertyRow.OfConsumer("max.poll.interval.ms", "MaxPollInterval", (o, v) => o with { MaxPollInterval = v.Span }),
        PropertyRow.OfConsumer("allow.auto.create.topics", "AllowAutoCreateTopics", (o, v) => o with { AllowAutoCreateTopics = v.Bool }),
        PropertyRow.OfConsumer("check.crcs", "CheckCrcs", (o, v) => o with { CheckCrcs = v.Bool }),
    ];

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
