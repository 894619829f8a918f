using Moldau.Config;
using Moldau.Metadata;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>From topic properties to what a log needs.</summary>
internal static class TopicConfigs
{
    public static TopicConfig Of(string topic, MetadataImage image, BrokerConfig broker)
    {
        IReadOnlyDictionary<string, string> overrides = image.Configs.Of(ConfigResource.Topic(topic));
        // What the metadata log holds was valid when it was written; where it no longer is, the broker's values stand.
        return TopicConfig.TryBuild(overrides, broker, out TopicConfig? config, []) ? config! : TopicConfig.Default(broker);
    }

    public static LogConfig ToLogConfig(TopicConfig topic, BrokerConfig broker)
    {
        (CompressionCodec? codec, int? level) = Compression(topic);
        return new LogConfig
        {
            SegmentBytes = topic.SegmentBytes,
            SegmentMs = topic.SegmentMs,
            SegmentJitterMs = topic.SegmentJitterMs,
            SegmentIndexBytes = topic.SegmentIndexBytes,
            IndexIntervalBytes = topic.IndexIntervalBytes,
            RetentionMs = topic.RetentionMs,
            RetentionBytes = topic.RetentionBytes,
            FlushMessages = topic.FlushMessages,
            FlushMs = topic.FlushMs,
            FileDeleteDelayMs = topic.FileDeleteDelayMs,
            MaxMessageBytes = topic.MaxMessageBytes,
            MessageTimestampBeforeMaxMs = topic.MessageTimestampBeforeMaxMs,
            MessageTimestampAfterMaxMs = topic.MessageTimestampAfterMaxMs,
            MessageTimestampType = topic.MessageTimestampType == Config.TimestampType.LogAppendTime
                ? Records.TimestampType.LogAppendTime
                : Records.TimestampType.CreateTime,
            IsDeleted = topic.IsDeleted,
            IsCompacted = topic.IsCompacted,
            Preallocate = topic.Preallocate,
            ProducerIdExpirationMs = broker.ProducerIdExpirationMs,
            MaxDecompressedMessageBytes = topic.MaxDecompressedMessageBytes,
            SyncsAppends = topic.Acknowledge == AcknowledgeMode.Fsync,
            Compression = codec,
            CompressionLevel = level,
        };
    }

    private static (CompressionCodec? Codec, int? Level) Compression(TopicConfig topic) => topic.CompressionType switch
    {
        "uncompressed" or "none" => (CompressionCodec.None, null),
        "gzip" => (CompressionCodec.Gzip, topic.CompressionGzipLevel),
        "snappy" => (CompressionCodec.Snappy, null),
        "lz4" => (CompressionCodec.Lz4, topic.CompressionLz4Level),
        "zstd" => (CompressionCodec.Zstd, topic.CompressionZstdLevel),
        _ => (null, null),
    };
}
