namespace Moldau.Metadata;

/// <summary>The feature <c>metadata.version</c>: which records, and in which versions, a cluster's log may
/// hold.</summary>
public readonly record struct MetadataVersion(short Level) : IComparable<MetadataVersion>
{
    public const string FeatureName = "metadata.version";

    /// <summary>3.3-IV3: the oldest that is still supported.</summary>
    public static readonly MetadataVersion Minimum = new(7);

    /// <summary>4.3-IV0: what 4.3.1 finalizes.</summary>
    public static readonly MetadataVersion V43Iv0 = new(30);

    /// <summary>4.4-IV2: the latest that a production node finalizes.</summary>
    public static readonly MetadataVersion Latest = new(33);

    private static readonly string[] Names =
    [
        "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2", "3.7-IV0", "3.7-IV1",
        "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0",
        "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0", "4.4-IV0", "4.4-IV1", "4.4-IV2",
    ];

    public bool IsMigrationSupported => Level >= 8;

    public bool IsScramSupported => Level >= 11;

    public bool IsLeaderEpochBumpedOnIsrShrink => Level < 12;

    public bool IsTransactionSupported => Level >= 13;

    public bool IsDelegationTokenSupported => Level >= 14;

    public bool IsControllerRegistrationSupported => Level >= 15;

    public bool IsDirectoryAssignmentSupported => Level >= 17;

    public bool IsElrSupported => Level >= 23;

    public bool AreCordonedLogDirsSupported => Level >= 30;

    public short RegisterBrokerRecordVersion =>
        Level >= 30 ? (short)4 : Level >= 17 ? (short)3 : Level >= 8 ? (short)2 : (short)1;

    public short BrokerRegistrationChangeRecordVersion => Level >= 30 ? (short)3 : Level >= 17 ? (short)2 : (short)1;

    public short PartitionRecordVersion =>
        IsElrSupported ? (short)2 : IsDirectoryAssignmentSupported ? (short)1 : (short)0;

    public short PartitionChangeRecordVersion => PartitionRecordVersion;

    public int CompareTo(MetadataVersion other) => Level.CompareTo(other.Level);

    public static bool TryParse(string text, out MetadataVersion version)
    {
        int index = Array.IndexOf(Names, text);
        // A release without its internal part means the last internal version of that release.
        if (index < 0) index = Array.FindLastIndex(Names, n => n.StartsWith(text + "-", StringComparison.Ordinal));
        version = index < 0 ? default : new MetadataVersion((short)(index + Minimum.Level));
        return index >= 0;
    }

    public override string ToString()
    {
        int index = Level - Minimum.Level;
        return index >= 0 && index < Names.Length ? Names[index] : $"UNKNOWN {Level}";
    }
}

/// <summary>The other features, by the names under which levels are finalized (KIP-584).</summary>
public static class FeatureNames
{
    public const string EligibleLeaderReplicas = "eligible.leader.replicas.version";
    public const string Group = "group.version";
    public const string KRaft = "kraft.version";
    public const string Share = "share.version";
    public const string Streams = "streams.version";
    public const string Transaction = "transaction.version";
}
