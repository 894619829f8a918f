using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>What a new leader writes before anything else, as Kafka's does.</summary>
internal static class ActivationRecords
{
    public static List<MetadataRecord> For(MetadataImage image, bool isInTransaction, ControllerOptions options)
    {
        var records = new List<MetadataRecord>();
        bool isEmpty = !image.Features.HasVersion && image.Cluster.Brokers.IsEmpty && image.Topics.Count == 0;
        MetadataVersion version = isEmpty ? VersionOf(options.BootstrapRecords) : image.Features.Version;
        if (isInTransaction)
        {
            records.Add(new MetadataRecord(new AbortTransactionRecord { Reason = "failover" }, 0));
        }

        if (!isEmpty) return records;
        if (version.IsTransactionSupported)
            records.Add(new MetadataRecord(new BeginTransactionRecord { Name = "Bootstrap records" }, 0));
        records.AddRange(options.BootstrapRecords);
        if (IsElrOn(options.BootstrapRecords)) records.AddRange(ElrSafety(image, options));
        if (version.IsTransactionSupported) records.Add(new MetadataRecord(new EndTransactionRecord(), 0));
        return records;
    }

    /// <summary>With eligible leader replicas the value of <c>min.insync.replicas</c> must be known to the whole
    /// cluster,
    /// so the configured one becomes the cluster's default unless there is one.</summary>
    public static IEnumerable<MetadataRecord> ElrSafety(MetadataImage image, ControllerOptions options)
    {
        const string MinIsr = "min.insync.replicas";
        if (image.Configs.Value(ConfigResource.ClusterDefault, MinIsr) is not null) yield break;
        string value = options.MinInSyncReplicas.ToString(System.Globalization.CultureInfo.InvariantCulture);
        yield return ConfigurationsImage.Record(ConfigResource.ClusterDefault, MinIsr, value);
    }

    private static MetadataVersion VersionOf(IReadOnlyList<MetadataRecord> records)
    {
        foreach (MetadataRecord record in records)
        {
            if (record.Message is FeatureLevelRecord { Name: MetadataVersion.FeatureName } feature)
                return new MetadataVersion(feature.FeatureLevel);
        }

        return MetadataVersion.Minimum;
    }

    private static bool IsElrOn(IReadOnlyList<MetadataRecord> records) => records.Any(static r =>
        r.Message is FeatureLevelRecord { Name: FeatureNames.EligibleLeaderReplicas, FeatureLevel: >= 1 });
}
