using System.Text;
using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Raft;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Fuzz;

/// <summary>The small files, each decoder by itself. The first byte says which.</summary>
internal sealed class FilesTarget : FuzzTarget
{
    private const long BaseOffset = 100;
    private const long SegmentBytes = 1 << 20;

    private static readonly (string Name, Func<byte[], byte[]?> Again)[] Kinds =
    [
        ("offset index", b => OffsetIndex.TryDecode(BaseOffset, b, SegmentBytes)?.Encode()),
        ("time index", b => TimeIndex.TryDecode(BaseOffset, b)?.Encode()),
        ("transaction index", b => TransactionIndex.TryDecode(BaseOffset, b)?.Encode()),
        ("leader epochs", b => LeaderEpochCache.TryDecode(b)?.Encode()),
        ("offset checkpoint", b => OffsetCheckpoint.TryDecode(b) is { } c ? OffsetCheckpoint.Encode(c) : null),
        ("producer snapshot", b => ProducerSnapshotFile.TryDecode(b) is { } e ? ProducerSnapshotFile.Encode(e) : null),
        ("partition.metadata", b => PartitionMetadataFile.TryDecode(b) is { } id ? PartitionMetadataFile.Encode(id) : null),
        ("meta.properties", b => MetaProperties.TryDecode(b, out _)?.Encode()),
        ("clean shutdown", b => CleanShutdownFile.TryDecode(b) is { } epoch ? CleanShutdownFile.Encode(epoch) : null),
        ("quorum-state", b => QuorumStateFile.Read(b)?.Write()),
        ("snapshot", Snapshot),
        ("metadata log", MetadataLog),
        ("metadata record", MetadataRecordOf),
        ("raft start", RaftStartOf),
    ];

    public override string Name => "files";

    public override string Summary => "indexes, checkpoints, snapshots, meta.properties, quorum-state, KRaft log: damage is a value, read-write-read a fixed point";

    public override int QuickIterations => 120_000;

    /// <summary>Each is read twice and written twice, and an image of the metadata is built.</summary>
    public override long AllocationSlack => 4 << 20;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        OffsetIndex offsets = new(BaseOffset);
        TimeIndex times = new(BaseOffset);
        TransactionIndex transactions = new();
        LeaderEpochCache epochs = new();
        for (int i = 0; i < 4; i++)
        {
            offsets.Append(BaseOffset + 10 + i, 100 * (i + 1));
            times.AppendIfLater(BatchSeeds.Time + i, BaseOffset + i);
            transactions.Append(new AbortedTransaction(7, BaseOffset + i, BaseOffset + 2 + i, BaseOffset));
            epochs.Assign(i, BaseOffset + (10 * i));
        }

        ProducerEntry producer = new(7);
        producer.SetEpoch(1);
        producer.AddBatch(1, new ProducerBatch(5, BaseOffset, 2, BatchSeeds.Time));
        byte[][] files =
        [
            offsets.Encode(), times.Encode(), transactions.Encode(), epochs.Encode(),
            OffsetCheckpoint.Encode([new(new TopicPartition("alpha", 0), 5), new(new TopicPartition("beta", 3), 99)]),
            ProducerSnapshotFile.Encode([producer]), PartitionMetadataFile.Encode(new Uuid(1, 2)),
            new MetaProperties("cluster", 1, new Uuid(1, 2)).Encode(), CleanShutdownFile.Encode(5),
            new QuorumStateFile(1, 3, 1, new Uuid(1, 2)).Write(), SnapshotBytes(), LogBytes(),
            MetadataRecords.Write(new MetadataRecord(new TopicRecord { Name = "alpha", TopicId = new Uuid(1, 2) }, 0)),
            Parts([SnapshotBytes(), new QuorumStateFile(1, 3, 1, new Uuid(1, 2)).Write(), LogBytes()]),
        ];
        for (byte i = 0; i < files.Length; i++) yield return [i, .. files[i]];
        yield return [9, .. new QuorumStateFile(1, 3, 1, Uuid.Zero, 0).Write()];
        yield return [0, .. offsets.Encode(), .. new byte[64]];
        yield return [1, .. times.Encode(), .. new byte[60]];
        foreach (MessageInfo info in Messages.All.Where(m => m.Kind == MessageKind.Record && m.Set == nameof(RecordSet.Metadata)))
        {
            byte[] record = SchemaWalk.Write(SchemaCatalog.Of(info.Name), info.HighestVersion, prng, ["alpha", "metadata.version"]);
            yield return [12, 1, .. Small(info.Id), (byte)info.HighestVersion, .. record];
            yield return [11,
                .. RaftBatch.OfValues([[1, .. Small(info.Id), (byte)info.HighestVersion, .. record]], 0, 1, BatchSeeds.Time).Bytes.Span];
        }
    }

    public override byte[] Mutate(byte[] input, byte[] other, Mutator mutator)
    {
        if (input.Length < 2) return mutator.Mutate(input, other, MaxBytes);
        byte[] body = mutator.Mutate(input[1..], other.Length > 0 ? other[1..] : other, MaxBytes - 1);
        if (mutator.Prng.Next(5) > 0) Repair(Kinds[input[0] % Kinds.Length].Name, body);
        return [input[0], .. body];
    }

    public override void Run(byte[] input)
    {
        if (input.Length == 0) return;
        (string name, Func<byte[], byte[]?> again) = Kinds[input[0] % Kinds.Length];
        if (again(input[1..]) is not { } first) return;
        byte[]? second = again(first);
        Must(second is not null, $"what was written cannot be read: {name}");
        Must(first.AsSpan().SequenceEqual(second), $"written twice it is not the same: {name}");
    }

    private static void Repair(string name, byte[] body)
    {
        if (name is "snapshot" or "metadata log") BatchRepair.Repair(body, alsoLength: true);
        if (name == "producer snapshot" && body.Length > 6)
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(2), Crc32C.Compute(body.AsSpan(6)));
        if (name == "raft start")
            for (int at = 0; at + 2 < body.Length;)
            {
                int length = Math.Min((body[at] << 8) | body[at + 1], body.Length - at - 2);
                BatchRepair.Repair(body.AsSpan(at + 2, length), alsoLength: false);
                at += 2 + length;
            }
    }

    private static byte[] Small(int id) => id < 128 ? [(byte)id] : [(byte)(id | 128), (byte)(id >> 7)];

    private static byte[] SnapshotBytes() => SnapshotFiles.Write(
        new SnapshotContent(BatchSeeds.Time, 1, VoterSet.Empty, [Value("alpha"), Value("beta")]), new OffsetAndEpoch(5, 1), BatchSeeds.Time);

    private static byte[] LogBytes() =>
    [
        .. RaftBatch.OfControl([(ControlRecordType.LeaderChange, new LeaderChangeMessage { LeaderId = 1 })], 5, 1,
            BatchSeeds.Time).Bytes.Span,
        .. RaftBatch.OfValues([Value("gamma"), Value("delta")], 6, 1, BatchSeeds.Time).Bytes.Span,
        .. RaftBatch.OfValues([Value("epsilon")], 8, 2, BatchSeeds.Time).Bytes.Span,
    ];

    private static byte[] Value(string topic) =>
        MetadataRecords.Write(new MetadataRecord(new TopicRecord { Name = topic, TopicId = new Uuid(topic.Length, topic[0]) }, 0));

    private static byte[] Parts(byte[][] parts) => [.. parts.SelectMany(p => (byte[])[(byte)(p.Length >> 8), (byte)p.Length, .. p])];

    private static byte[]? Snapshot(byte[] bytes)
    {
        if (SnapshotFiles.Read(bytes, out _) is not { } content) return null;
        List<MetadataRecord> records = [];
        foreach (byte[] value in content.Values)
            if (MetadataRecords.Read(value, out MetadataRecord record) == MetadataReadStatus.Ok) records.Add(record);
        new MetadataLoader().LoadSnapshot(records, new MetadataProvenance(5, 1, BatchSeeds.Time), out _);
        return content.Voters.Count == 0 && content.KRaftVersion >= 0
            ? SnapshotFiles.Write(content with { KRaftVersion = 0 }, new OffsetAndEpoch(5, 1), BatchSeeds.Time)
            : null;
    }

    private static byte[]? MetadataLog(byte[] bytes)
    {
        MetadataLoader loader = new();
        foreach (MetadataBatch batch in MetadataBatch.ReadAll(bytes, out _))
        {
            // Who loads has seen to it that batches follow one another.
            if (batch.BaseOffset <= loader.Image.Provenance.Offset || batch.LastOffset < batch.BaseOffset) break;
            if (loader.Load(batch, out _) is not null) break;
        }

        return null;
    }

    private static byte[]? MetadataRecordOf(byte[] bytes)
    {
        if (MetadataRecords.Read(bytes, out MetadataRecord record) != MetadataReadStatus.Ok) return null;
        new MetadataLoader().LoadSnapshot([record], new MetadataProvenance(5, 1, BatchSeeds.Time), out _);
        return MetadataRecords.Write(record);
    }

    /// <summary>A folder's files together; the log is one that recovery let pass, so its batches follow one another.</summary>
    private static byte[]? RaftStartOf(byte[] bytes)
    {
        List<byte[]> parts = [];
        for (int at = 0; at + 2 < bytes.Length;)
        {
            int length = Math.Min((bytes[at] << 8) | bytes[at + 1], bytes.Length - at - 2);
            parts.Add(bytes[(at + 2)..(at + 2 + length)]);
            at += 2 + length;
        }

        if (parts.Count < 3) return null;
        RaftStart.Read(
            new RaftFiles
            {
                Snapshots = new Dictionary<OffsetAndEpoch, byte[]> { [new OffsetAndEpoch(5, 1)] = parts[0] },
                QuorumState = parts[1],
                Log = parts[2],
            }, out _);
        return null;
    }
}
