namespace Moldau.Config;

/// <summary>When an append counts as done.</summary>
public enum AcknowledgeMode : byte
{
    PageCache,
    Fsync,
}

/// <summary>Which time a record carries.</summary>
public enum TimestampType : byte
{
    CreateTime,
    LogAppendTime,
}

/// <summary>The effective configuration of one topic: its own properties, then what the broker says, then
/// defaults.</summary>
public sealed partial class TopicConfig(ConfigValues values)
{
    /// <summary>The internal override first, which may be smaller than the public minimum.</summary>
    public int SegmentBytes { get; } = values.IntOrNull("internal.segment.bytes") ?? values.Int("segment.bytes");

    public bool IsCompacted { get; } = values.List("cleanup.policy").Contains("compact");

    /// <summary>Whether old segments go by age and size. Neither this nor <see cref="IsCompacted"/>: they stay for
    /// ever.</summary>
    public bool IsDeleted { get; } = values.List("cleanup.policy").Contains("delete");

    public TimestampType MessageTimestampType { get; } = values.String("message.timestamp.type") == "LogAppendTime"
        ? TimestampType.LogAppendTime : TimestampType.CreateTime;

    public AcknowledgeMode Acknowledge { get; } =
        values.String("moldau.acknowledge") == "fsync" ? AcknowledgeMode.Fsync : AcknowledgeMode.PageCache;

    /// <summary>Highest number of bytes an index of this topic may have, in whole entries.</summary>
    public int MaxIndexEntries(int entryBytes) => SegmentIndexBytes / entryBytes;

    /// <summary>Builds from the topic's own properties over a broker's effective ones.</summary>
    public static bool TryBuild(IReadOnlyDictionary<string, string> overrides, BrokerConfig broker,
        out TopicConfig? config, ICollection<string> errors)
    {
        ConfigValues? values = TopicRules.Validate(overrides, broker, errors);
        config = values is null ? null : new TopicConfig(values);
        return config is not null;
    }

    /// <summary>What a topic without properties of its own has.</summary>
    public static TopicConfig Default(BrokerConfig broker)
    {
        List<string> errors = [];
        ConfigValues? values = TopicRules.Parse(new Dictionary<string, string>(), broker, errors);
        Base.Verify.That(values is not null);
        return new TopicConfig(values);
    }
}
