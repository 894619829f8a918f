namespace Moldau.Raft.Tests;

/// <summary>Files of a directory that Apache Kafka 4.4.0 formatted and ran on (three starts).</summary>
internal static class Golden
{
    public const string ClusterId = "kVvUmlGHSTqOQ8iA7OTRkw";

    public static byte[] Bootstrap => Read("kafka-4.4.0-bootstrap.checkpoint");

    public static byte[] Log => Read("kafka-4.4.0-metadata.log");

    public static RaftStorageState Formatted()
    {
        SnapshotContent snapshot = SnapshotFiles.Read(Bootstrap, out string? error)!;
        Assert.Null(error);
        return new RaftStorageState
        {
            Snapshot = new OffsetAndEpoch(0, 0),
            SnapshotKRaftVersion = snapshot.KRaftVersion,
            SnapshotVoters = snapshot.Voters,
        };
    }

    internal static byte[] Read(string name)
    {
        using Stream stream = typeof(Golden).Assembly.GetManifestResourceStream(name)!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
