using Moldau.Records;

namespace Moldau.Client;

/// <summary>The producer's properties.</summary>
internal static class ProducerRows
{
    public static IEnumerable<PropertyRow> All() =>
    [
        PropertyRow.OfProducer("acks", "Acks", (o, v) => o with
        {
            Acks = v.OneOf(
                ("all", Acks.All), ("-1", Acks.All), ("1", Acks.Leader), ("0", Acks.None), ("leader", Acks.Leader), ("none", Acks.None)),
        }, "request.required.acks"),
        PropertyRow.OfProducer("batch.size", "BatchBytes", (o, v) => o with { BatchBytes = v.Int(min: 1) }),
        PropertyRow.OfProducer("linger.ms", "Linger", (o, v) => o with { Linger = v.Time }, "queue.buffering.max.ms"),
        PropertyRow.OfProducer("buffer.memory", "BufferBytes", (o, v) => o with { BufferBytes = v.Long(min: 1) }),
        PropertyRow.OfProducer("max.block.ms", "MaxBlock", (o, v) => o with { MaxBlock = v.Time }),
        PropertyRow.OfProducer("max.request.size", "MaxRequestBytes",
            (o, v) => o with { MaxRequestBytes = v.Int(min: 1) }, "message.max.bytes"),
        PropertyRow.OfProducer("compression.type", "Compression", (o, v) => o with
        {
            Compression = v.OneOf(
                ("none", CompressionCodec.None), ("gzip", CompressionCodec.Gzip), ("snappy", CompressionCodec.Snappy),
                ("lz4", CompressionCodec.Lz4), ("zstd", CompressionCodec.Zstd)),
        }, "compression.codec"),
        PropertyRow.OfProducer("compression.gzip.level", "GzipLevel",
            (o, v) => Level(o, CompressionCodec.Gzip, v.Int(min: -1, max: 9))),
        PropertyRow.OfProducer("compression.lz4.level", "Lz4Level",
            (o, v) => Level(o, CompressionCodec.Lz4, v.Int(min: 1, max: 17))),
        PropertyRow.OfProducer("compression.zstd.level", "ZstdLevel",
            (o, v) => Level(o, CompressionCodec.Zstd, v.Int(min: -131072, max: 22))),
        PropertyRow.OfProducer("max.in.flight.requests.per.connection", "MaxInFlight",
            (o, v) => o with { MaxInFlight = v.Int(min: 1) }, "max.in.flight"),
        PropertyRow.OfProducer("delivery.timeout.ms", "DeliveryTimeout",
            (o, v) => o with { DeliveryTimeout = v.Time }, "message.timeout.ms"),
        PropertyRow.OfProducer("enable.idempotence", "IsIdempotent", (o, v) => o with { IsIdempotent = v.Bool }),
        PropertyRow.OfProducer("transactional.id", "TransactionalId", (o, v) => o with { TransactionalId = v.OrNull }),
        PropertyRow.OfProducer("transaction.timeout.ms", "TransactionTimeout", (o, v) => o with { TransactionTimeout = v.Time }),
        PropertyRow.OfProducer("partitioner.ignore.keys", "PartitionerIgnoresKeys",
            (o, v) => o with { PartitionerIgnoresKeys = v.Bool }),
        PropertyRow.OfProducer("partitioner.adaptive.partitioning.enable", "IsPartitioningAdaptive",
            (o, v) => o with { IsPartitioningAdaptive = v.Bool }),
        PropertyRow.OfProducer("partitioner.availability.timeout.ms", "PartitionerAvailabilityTimeout",
            (o, v) => o with { PartitionerAvailabilityTimeout = v.Time }),
        PropertyRow.OfProducer("retries", "Retries", (o, v) => o with { Retries = v.Int() }, "message.send.max.retries"),
    ];

    /// <summary>A codec's level counts where that codec is used: Kafka has one property for each.</summary>
    private static ProducerOptions Level(ProducerOptions options, CompressionCodec codec, int level)
    {
        bool isDefault = codec == CompressionCodec.Gzip && level == -1;
        if (codec == CompressionCodec.Gzip && level == 0) throw new FormatException("compression.gzip.level is to be -1 or 1 to 9");
        return options.Compression == codec && !isDefault ? options with { CompressionLevel = level } : options;
    }
}
