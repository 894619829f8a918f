using Moldau.Base;
using Moldau.Records;

namespace Moldau.Fuzz;

/// <summary>Record batches of all magics: three readers see the same, and what the validator accepts reads back as it came. The
/// first byte chooses the topic's rules.</summary>
internal sealed class BatchesTarget : FuzzTarget
{
    private const int LargestOutput = 256 << 10;
    private const long NewOffset = 1000;

    private readonly RecordCodecs _managed = new(CodecImplementation.Managed);
    private readonly RecordCodecs _codecs = new();
    private readonly BatchValidator _validator = new();

    public override string Name => "batches";

    public override string Summary => "batches of magic 0, 1, 2, all codecs: readers agree with a naive one, accepted ones read back the same";

    public override int QuickIterations => 80_000;

    /// <summary>Several readers unfold what is packed, each in buffers that double.</summary>
    public override long AllocationSlack => 32L * LargestOutput;

    public override long Fuel(int inputBytes) => 60_000_000;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        byte rules = 0;
        foreach (byte[] batch in BatchSeeds.All(prng))
        {
            yield return [rules++, .. batch];
            yield return [rules++, .. batch, .. BatchSeeds.V2(RecordBatchOptions.Default with { BaseOffset = 10 }, 2, prng)];
        }

        // Bombs: much of nothing.
        foreach (CompressionCodec codec in Enum.GetValues<CompressionCodec>().Where(c => c != CompressionCodec.None))
        {
            using RecordBatchBuilder builder = new(RecordBatchOptions.Default with { Codec = codec });
            builder.TryAppend(BatchSeeds.Time, OptionalBytes.Null, new byte[2 * LargestOutput]);
            byte[] bomb = builder.BuildArray();
            if (bomb.Length < MaxBytes) yield return [rules++, .. bomb];
        }
    }

    public override byte[] Mutate(byte[] input, byte[] other, Mutator mutator)
    {
        byte[] changed = mutator.Mutate(input, other, MaxBytes);
        if (changed.Length > 1 && mutator.Prng.Next(5) > 0) BatchRepair.Repair(changed.AsSpan(1), mutator.Prng.Next(3) > 0);
        return changed;
    }

    public override void Run(byte[] input)
    {
        if (input.Length == 0) return;
        byte[] bytes = input[1..];
        RecordBatchEnumerator walk = new(bytes);
        while (walk.MoveNext()) Readers(walk.Current.Bytes.ToArray());
        Validate(bytes, input[0]);
    }

    private void Readers(byte[] entry)
    {
        RecordBatchView.TryRead(entry, out RecordBatchView view);
        List<NaiveRecord> seen = Enumerated(view, out RecordReadStatus status);
        using RecordCursor cursor = new(_codecs, LargestOutput);
        cursor.Open(entry);
        int count = 0;
        while (cursor.MoveNext(out RecordMemory record))
        {
            Must(count < seen.Count && IsSame(seen[count], record), $"cursor and enumerator differ at record {count}");
            count++;
        }

        Must((cursor.Status == RecordReadStatus.Ok) == (status == RecordReadStatus.Ok), $"cursor and enumerator end differently: {cursor.Status}, {status}");
        if (status != RecordReadStatus.Ok) return;
        Must(count == seen.Count, $"cursor and enumerator count differently: {count}, {seen.Count}");
        List<NaiveRecord>? naive = NaiveBatches.Read(entry, _managed, LargestOutput, out string? why);
        Must(naive is not null, $"the product reads what the naive reader refuses; 1: {why}");
        Must(naive!.Count == seen.Count, $"the naive reader counts differently: {naive.Count}, {seen.Count}"); // checked above
        for (int i = 0; i < seen.Count; i++) Must(IsSame(naive[i], seen[i]), $"the naive reader sees another record {i}: {naive[i]}, {seen[i]}");
    }

    private List<NaiveRecord> Enumerated(in RecordBatchView view, out RecordReadStatus status)
    {
        List<NaiveRecord> seen = [];
        using RecordEnumerator records = view.ReadRecords(_codecs, LargestOutput);
        while (records.MoveNext()) seen.Add(Copy(records.Current));
        status = records.Status;
        return seen;
    }

    private void Validate(byte[] bytes, byte choice)
    {
        AppendRules rules = new()
        {
            TargetCodec = (choice & 7) switch { 0 or 1 or 2 => null, int n => (CompressionCodec)(n - 3) },
            IsCompacted = (choice & 8) != 0,
            TimestampType = (choice & 16) != 0 ? TimestampType.LogAppendTime : TimestampType.CreateTime,
            TimestampBeforeMaxMs = long.MaxValue,
            TimestampAfterMaxMs = (choice & 32) != 0 ? 3_600_000 : long.MaxValue,
            MaxMessageBytes = LargestOutput,
            SegmentBytes = 1 << 30,
            MaxDecompressedMessageBytes = LargestOutput,
            DecodeLimits = new DecodeLimits(LargestOutput, LargestOutput, 100),
        };
        byte[] given = [.. bytes];
        ValidationResult result = _validator.Validate(given, rules, new AppendContext(BatchSeeds.Time));
        if (!result.IsAccepted) return;
        RecordBatchView.TryRead(bytes, out RecordBatchView before);
        List<NaiveRecord> sent = Enumerated(before, out RecordReadStatus sentStatus);
        Span<byte> batch = result.NeedsRewrite ? result.Rewritten.Span : given.AsSpan(0, result.SizeInBytes);
        BatchValidator.AssignOffsets(batch, NewOffset, 1);
        Must(RecordBatchView.TryRead(batch, out RecordBatchView view) == BatchReadStatus.Ok, "what was accepted is no batch");
        Must(view.IsCrcValid, "what was accepted has a wrong checksum");
        List<NaiveRecord> kept = Enumerated(view, out RecordReadStatus status);
        Must(status == RecordReadStatus.Ok && sentStatus == RecordReadStatus.Ok, $"what was accepted cannot be read: {status}");
        Must(kept.Count == sent.Count && kept.Count == result.RecordCount, $"another number of records was accepted: {kept.Count}, {sent.Count}");
        for (int i = 0; i < kept.Count; i++)
        {
            // A batch that a producer marked as LogAppendTime has its records' own times again, as in Kafka.
            long time = rules.TimestampType == TimestampType.LogAppendTime ? BatchSeeds.Time
                : before.TimestampType == TimestampType.LogAppendTime ? kept[i].Timestamp : sent[i].Timestamp;
            Must(IsSame(kept[i], sent[i] with { Offset = NewOffset + i, Timestamp = time }), $"a record was changed; 1: {sent[i]}, {kept[i]}");
        }
    }

    private static NaiveRecord Copy(in RecordView record)
    {
        List<(byte[], byte[]?)> headers = [];
        foreach (RecordHeaderView header in record.Headers)
            headers.Add((header.Key.ToArray(), header.IsValueNull ? null : header.Value.ToArray()));
        return new NaiveRecord(
            record.Offset, record.Timestamp, record.IsKeyNull ? null : record.Key.ToArray(), record.IsValueNull ? null
                : record.Value.ToArray(), headers);
    }

    private static bool IsSame(NaiveRecord one, in RecordMemory other)
    {
        List<(byte[], byte[]?)> headers = [];
        foreach (RecordHeaderView header in other.ReadHeaders())
            headers.Add((header.Key.ToArray(), header.IsValueNull ? null : header.Value.ToArray()));
        return IsSame(one, new NaiveRecord(other.Offset, other.Timestamp, other.Key?.ToArray(), other.Value?.ToArray(), headers));
    }

    private static bool IsSame(NaiveRecord one, NaiveRecord other) =>
        one.Offset == other.Offset && one.Timestamp == other.Timestamp && IsSame(one.Key, other.Key) && IsSame(one.Value, other.Value)
        && one.Headers.Count == other.Headers.Count
        && one.Headers.Zip(other.Headers).All(p => IsSame(p.First.Key, p.Second.Key) && IsSame(p.First.Value, p.Second.Value));

    private static bool IsSame(byte[]? one, byte[]? other) =>
        (one is null) == (other is null) && one.AsSpan().SequenceEqual(other);
}
