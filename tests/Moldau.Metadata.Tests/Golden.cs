using Moldau.Records;

namespace Moldau.Metadata.Tests;

/// <summary>Files that Apache Kafka 4.4.0 wrote: a formatted directory's bootstrap snapshot, and the metadata log of
/// that
/// node after topics, configurations, quotas, credentials and access rules, a clean stop, a start, a kill, a start and
/// a
/// clean stop.</summary>
internal static class Golden
{
    public static byte[] Bootstrap => Read("kafka-4.4.0-bootstrap.checkpoint");

    public static byte[] Log => Read("kafka-4.4.0-metadata.log");

    public static List<MetadataBatch> LogBatches
    {
        get
        {
            List<MetadataBatch> batches = MetadataBatch.ReadAll(Log, out string? error);
            Assert.Null(error);
            return batches;
        }
    }

    public static MetadataRecord RecordAt(long offset)
    {
        var enumerator = new RecordBatchEnumerator(Log);
        while (enumerator.MoveNext())
        {
            RecordEnumerator records = enumerator.Current.ReadRecords();
            while (records.MoveNext())
            {
                if (records.Current.Offset != offset) continue;
                Assert.Equal(MetadataReadStatus.Ok,
                    MetadataRecords.Read(records.Current.Value, out MetadataRecord record));
                return record;
            }
        }

        throw new InvalidOperationException($"no record at {offset}");
    }

    /// <summary>The image after the records up to an offset.</summary>
    public static MetadataImage ImageAt(long offset)
    {
        var loader = new MetadataLoader();
        foreach (MetadataBatch batch in LogBatches.Where(b => b.LastOffset <= offset))
            Assert.Null(loader.Load(batch, out _));
        Assert.Equal(offset, loader.Image.Provenance.Offset);
        return loader.Image;
    }

    private static byte[] Read(string name)
    {
        using Stream stream = typeof(Golden).Assembly.GetManifestResourceStream(name)!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
