using System.Globalization;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Raft;

/// <summary>The content of a snapshot file.</summary>
/// <param name="LastContainedTimestampMs">Of the last record that went into it.</param>
/// <param name="KRaftVersion">0 where the snapshot says nothing of voters.</param>
/// <param name="Voters">Empty where it says nothing.</param>
/// <param name="Values">The metadata records, framed.</param>
public sealed record SnapshotContent(
    long LastContainedTimestampMs, short KRaftVersion, VoterSet Voters, IReadOnlyList<byte[]> Values);

/// <summary>Snapshot files: <c>OFFSET-EPOCH.checkpoint</c>, whose batches hold a header record, kraft.version and
/// voters,
/// the metadata records, and a footer record.</summary>
public static class SnapshotFiles
{
    public const string Suffix = ".checkpoint";

    /// <summary>Records of one batch, so that a reader needs no more memory than a batch.</summary>
    private const int BatchBytes = 1024 * 1024;

    public static string Name(OffsetAndEpoch id) =>
        string.Create(CultureInfo.InvariantCulture, $"{id.Offset:D20}-{id.Epoch:D10}{Suffix}");

    public static bool TryParseName(string name, out OffsetAndEpoch id)
    {
        id = default;
        if (name.Length != 31 + Suffix.Length || name[20] != '-' || !name.EndsWith(Suffix, StringComparison.Ordinal))
            return false;
        bool isNumber = long.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture,
            out long offset)
            & int.TryParse(name.AsSpan(21, 10), NumberStyles.None, CultureInfo.InvariantCulture, out int epoch);
        id = new OffsetAndEpoch(offset, epoch);
        return isNumber;
    }

    public static byte[] Write(SnapshotContent content, OffsetAndEpoch id, long timestampMs)
    {
        using var bytes = new MemoryStream();
        // Offsets in a snapshot count from 0 and mean nothing; the epoch is the snapshot's.
        var head = new List<(ControlRecordType, IMessage)>
        {
            (ControlRecordType.SnapshotHeader,
                new SnapshotHeaderRecord { LastContainedLogTimestamp = content.LastContainedTimestampMs }),
        };
        if (content.KRaftVersion > 0)
        {
            head.Add((ControlRecordType.KRaftVersion, new KRaftVersionRecord { KRaftVersion = content.KRaftVersion }));
            head.Add((ControlRecordType.KRaftVoters, content.Voters.ToRecord()));
        }

        long offset = Add(bytes, RaftBatch.OfControl(head, 0, id.Epoch, timestampMs));
        var batch = new List<byte[]>();
        int size = 0;
        foreach (byte[] value in content.Values)
        {
            if (size > 0 && size + value.Length > BatchBytes)
            {
                offset = Add(bytes, RaftBatch.OfValues(batch, offset, id.Epoch, timestampMs));
                batch.Clear();
                size = 0;
            }

            batch.Add(value);
            size += value.Length;
        }

        if (batch.Count > 0) offset = Add(bytes, RaftBatch.OfValues(batch, offset, id.Epoch, timestampMs));
        Add(bytes, RaftBatch.OfControl([(ControlRecordType.SnapshotFooter, new SnapshotFooterRecord())], offset,
            id.Epoch, timestampMs));
        return bytes.ToArray();
    }

    /// <summary>Null, with what is wrong in <paramref name="error"/>, where the file is damaged or has no footer. Also
    /// reads the <c>bootstrap.checkpoint</c> of older versions, which has the same form without voters.</summary>
    public static SnapshotContent? Read(ReadOnlyMemory<byte> file, out string? error)
    {
        error = null;
        long timestamp = -1;
        short kraftVersion = 0;
        bool hasHeader = false;
        bool hasFooter = false;
        VoterSet voters = VoterSet.Empty;
        var values = new List<byte[]>();
        int read = 0;
        foreach (RaftBatch batch in RaftBatch.Split(file))
        {
            read += batch.Bytes.Length;
            if (!batch.IsControl)
            {
                AddValues(batch, values);
                continue;
            }

            foreach ((ControlRecordType type, IMessage? value) in ControlRecords.Read(batch))
            {
                hasHeader |= type == ControlRecordType.SnapshotHeader;
                hasFooter |= type == ControlRecordType.SnapshotFooter;
                if (value is SnapshotHeaderRecord header) timestamp = header.LastContainedLogTimestamp;
                if (value is KRaftVersionRecord version) kraftVersion = version.KRaftVersion;
                if (value is VotersRecord record) voters = VoterSet.From(record);
            }
        }

        if (read != file.Length) error = $"a damaged batch at byte {read}";
        else if (!hasHeader || !hasFooter) error = "header or footer is missing";
        return error is null ? new SnapshotContent(timestamp, kraftVersion, voters, values) : null;
    }

    private static long Add(MemoryStream bytes, RaftBatch batch)
    {
        bytes.Write(batch.Bytes.Span);
        return batch.LastOffset + 1;
    }

    private static void AddValues(RaftBatch batch, List<byte[]> values)
    {
        var enumerator = new RecordBatchEnumerator(batch.Bytes.Span);
        while (enumerator.MoveNext())
        {
            RecordEnumerator records = enumerator.Current.ReadRecords();
            while (records.MoveNext()) values.Add(records.Current.Value.ToArray());
            records.Dispose();
        }
    }
}

/// <summary>Raft's own records in the log.</summary>
public static class ControlRecords
{
    /// <summary>The control records of a batch; the value is null for types that are not Raft's.</summary>
    public static List<(ControlRecordType Type, IMessage? Value)> Read(RaftBatch batch)
    {
        var found = new List<(ControlRecordType, IMessage?)>();
        if (!batch.IsControl) return found;
        var enumerator = new RecordBatchEnumerator(batch.Bytes.Span);
        while (enumerator.MoveNext())
        {
            RecordEnumerator records = enumerator.Current.ReadRecords();
            while (records.MoveNext())
            {
                if (!ControlBatches.TryReadKey(records.Current.Key, out ControlRecordType type)) continue;
                found.Add((type, Value(type, records.Current.Value)));
            }

            records.Dispose();
        }

        return found;
    }

    private static IMessage? Value(ControlRecordType type, ReadOnlySpan<byte> bytes)
    {
        // Each begins with its version as two bytes.
        short version = bytes.Length >= 2 ? System.Buffers.Binary.BinaryPrimitives.ReadInt16BigEndian(bytes) : (short)0;
        var reader = new KafkaReader(bytes);
        IMessage? value = type switch
        {
            ControlRecordType.LeaderChange =>
                LeaderChangeMessage.Read(ref reader, Math.Min(version, LeaderChangeMessage.HighestVersion)),
            ControlRecordType.SnapshotHeader => SnapshotHeaderRecord.Read(ref reader, 0),
            ControlRecordType.SnapshotFooter => SnapshotFooterRecord.Read(ref reader, 0),
            ControlRecordType.KRaftVersion => KRaftVersionRecord.Read(ref reader, 0),
            ControlRecordType.KRaftVoters => VotersRecord.Read(ref reader, 0),
            _ => null,
        };
        return reader.Failed ? null : value;
    }
}
