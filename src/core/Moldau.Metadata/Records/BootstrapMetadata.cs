using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>The records with which a cluster begins.</summary>
public static class BootstrapMetadata
{
    /// <summary>The feature levels of a new cluster, as Kafka's format command writes them: the metadata version, then
    /// the
    /// other features in the order of their names. A level of 0 is not written.</summary>
    /// <param name="version">The metadata version, which also sets the other levels.</param>
    /// <param name="features">Levels that were chosen, instead of the version's.</param>
    public static IReadOnlyList<MetadataRecord> ForNewCluster(
        MetadataVersion version, IReadOnlyDictionary<string, short>? features = null)
    {
        var levels = new SortedDictionary<string, short>(StringComparer.Ordinal);
        foreach ((string name, short level) in SupportedFeatures.DefaultsFor(version)) levels[name] = level;
        foreach ((string name, short level) in features ?? new Dictionary<string, short>()) levels[name] = level;
        var records = new List<MetadataRecord> { Record(MetadataVersion.FeatureName, version.Level) };
        foreach ((string name, short level) in levels)
        {
            if (level > 0 && name is not (MetadataVersion.FeatureName or FeatureNames.KRaft))
                records.Add(Record(name, level));
        }

        return records;
    }

    private static MetadataRecord Record(string name, short level) =>
        new(new FeatureLevelRecord { Name = name, FeatureLevel = level }, 0);
}
