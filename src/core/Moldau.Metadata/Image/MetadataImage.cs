namespace Moldau.Metadata;

/// <summary>How far into the metadata log an image reaches.</summary>
/// <param name="Offset">Of the last record that is in the image; −1: none.</param>
/// <param name="Epoch">Of that record.</param>
/// <param name="TimestampMs">Of the last batch.</param>
public readonly record struct MetadataProvenance(long Offset, int Epoch, long TimestampMs)
{
    public static readonly MetadataProvenance None = new(-1, -1, -1);
}

/// <summary>All metadata of the cluster at one offset. Immutable, with shared parts: one image may be read by all
/// machines of a node while the next ones are made. What iterates, iterates in the order of keys.</summary>
public sealed record MetadataImage
{
    public static readonly MetadataImage Empty = new();

    public MetadataProvenance Provenance { get; init; } = MetadataProvenance.None;

    public FeaturesImage Features { get; init; } = FeaturesImage.Empty;

    public ClusterImage Cluster { get; init; } = ClusterImage.Empty;

    public TopicsImage Topics { get; init; } = TopicsImage.Empty;

    public ConfigurationsImage Configs { get; init; } = ConfigurationsImage.Empty;

    public ClientQuotasImage ClientQuotas { get; init; } = ClientQuotasImage.Empty;

    /// <summary>The first producer id that has not been given out; −1 before the first block.</summary>
    public long NextProducerId { get; init; } = -1;

    public SecurityImage Security { get; init; } = SecurityImage.Empty;

    /// <summary>The records that make this image out of an empty one: the content of a snapshot.</summary>
    public List<MetadataRecord> ToRecords()
    {
        var records = new List<MetadataRecord>();
        MetadataVersion version = Features.Version;
        Features.WriteTo(records);
        Cluster.WriteTo(records, version);
        Topics.WriteTo(records, version);
        Configs.WriteTo(records);
        ClientQuotas.WriteTo(records);
        if (NextProducerId >= 0)
        {
            records.Add(new MetadataRecord(
                new Protocol.ProducerIdsRecord { BrokerId = -1, BrokerEpoch = -1, NextProducerId = NextProducerId },
                    0));
        }

        Security.WriteTo(records);
        return records;
    }
}
