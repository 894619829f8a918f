using System.Buffers.Binary;
using System.Globalization;
using Moldau.Records;

namespace Moldau.Faults;

/// <summary>A partition's folder as it lies on the disk: read with nothing of the node's storage code.</summary>
internal sealed class StoredLog
{
    private const int IndexEntryBytes = 8;
    private readonly List<string> _problems = [];

    /// <summary>The ids of the records by offset, from <see cref="Start"/> on; 0 where a value is not what was sent.</summary>
    public List<long> Ids { get; } = [];

    /// <summary>Records whose key and value are kept, when they are asked for.</summary>
    public List<(byte[]? Key, byte[]? Value)> KeyedRecords { get; } = [];

    /// <summary>The offset of the first record that is there.</summary>
    public long Start { get; private set; }

    public long End => Start + Ids.Count;

    /// <summary>A batch that is not whole ended the walk; behind it nothing was read.</summary>
    public bool IsTorn { get; private set; }

    public long SizeInBytes { get; private set; }

    public IReadOnlyList<string> Problems => _problems;

    /// <param name="folder">The partition's.</param>
    /// <param name="mayBeTorn">The node died: its last write may be there in part, and its indexes may be behind.</param>
    /// <param name="keepsRecords">Keeps keys and values instead of ids.</param>
    public static StoredLog Read(string folder, bool mayBeTorn, bool keepsRecords = false)
    {
        StoredLog log = new();
        var segments = Directory.GetFiles(folder, "*.log")
            .Where(f => Path.GetFileNameWithoutExtension(f).All(char.IsAsciiDigit))
            .Order(StringComparer.Ordinal).ToList();
        for (var i = 0; i < segments.Count && !log.IsTorn; i++)
        {
            var first = long.Parse(Path.GetFileNameWithoutExtension(segments[i]), CultureInfo.InvariantCulture);
            if (i == 0) log.Start = first;
            else if (first != log.End) log._problems.Add($"segment {first} begins where the one before ends at {log.End}");
            log.ReadSegment(segments[i], first, mayBeTorn, keepsRecords);
        }

        return log;
    }

    private void ReadSegment(string path, long first, bool mayBeTorn, bool keepsRecords)
    {
        var bytes = File.ReadAllBytes(path);
        SizeInBytes += bytes.Length;
        Dictionary<int, long> batches = [];
        var position = 0;
        using RecordCodecs codecs = new();
        while (position < bytes.Length)
        {
            var status = RecordBatchView.TryRead(bytes.AsSpan(position), out var batch);
            if (status != BatchReadStatus.Ok || !batch.IsV2 || !batch.IsCrcValid)
            {
                IsTorn = true;
                if (!mayBeTorn) _problems.Add($"no whole batch at byte {position} of {Path.GetFileName(path)}, {bytes.Length} long");
                break;
            }

            if (batch.BaseOffset != End) _problems.Add($"offset {batch.BaseOffset} follows {End - 1}");
            if (batch.LastOffset - batch.BaseOffset + 1 != batch.RecordCount)
                _problems.Add($"the batch at {batch.BaseOffset} has {batch.RecordCount} records for {batch.LastOffsetDelta + 1} offsets");
            Add(batch, codecs, keepsRecords);
            batches[position] = batch.LastOffset;
            position += batch.SizeInBytes;
        }

        if (!mayBeTorn) CheckIndex(Path.ChangeExtension(path, ".index"), first, batches);
    }

    private void Add(in RecordBatchView batch, RecordCodecs codecs, bool keepsRecords)
    {
        using var records = batch.ReadRecords(codecs);
        var read = 0;
        while (records.MoveNext())
        {
            var record = records.Current;
            if (record.Offset != End) _problems.Add($"record {record.Offset} stands where {End} is due");
            if (keepsRecords)
                KeyedRecords.Add((record.IsKeyNull ? null : record.Key.ToArray(), record.IsValueNull ? null : record.Value.ToArray()));
            Ids.Add(keepsRecords ? 0 : Payload.Read(record.Value));
            read++;
        }

        if (records.Status != RecordReadStatus.Ok || read != batch.RecordCount)
            _problems.Add($"the batch at {batch.BaseOffset} has a good checksum and {read} of {batch.RecordCount} records");
    }

    /// <summary>Each entry names the last offset of a batch and where that batch begins.</summary>
    private void CheckIndex(string path, long first, Dictionary<int, long> batches)
    {
        if (!File.Exists(path)) return;
        var entries = File.ReadAllBytes(path);
        for (var at = 0; at + IndexEntryBytes <= entries.Length; at += IndexEntryBytes)
        {
            var offset = first + BinaryPrimitives.ReadInt32BigEndian(entries.AsSpan(at));
            var position = BinaryPrimitives.ReadInt32BigEndian(entries.AsSpan(at + 4));
            if (!batches.TryGetValue(position, out var last) || last != offset)
                _problems.Add($"{Path.GetFileName(path)} says that offset {offset} is at byte {position}");
        }
    }
}
