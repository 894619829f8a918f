using System.Buffers.Binary;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>What was read of one partition, in numbers.</summary>
internal sealed class PartitionSample
{
    /// <summary>Keys beyond these are not told apart: memory has a bound.</summary>
    private const int MostKeys = 1_000_000;

    private const int MostSchemas = 10;

    private readonly Dictionary<ulong, long> _keys = [];
    private readonly SortedSet<int> _schemas = [];

    public long Records { get; private set; }

    public long Bytes { get; private set; }

    public int MaxBytes { get; private set; }

    public long WithoutKey { get; private set; }

    public long Tombstones { get; private set; }

    public long WithHeaders { get; private set; }

    public long FirstMs { get; private set; } = long.MaxValue;

    public long LastMs { get; private set; } = long.MinValue;

    public long Keys => _keys.Count;

    /// <summary>Null where there are no keys.</summary>
    public double? TopKeyShare => _keys.Count == 0 ? null : (double)_keys.Values.Max() / Records;

    /// <summary>By the records' own times; null where they are all of one moment.</summary>
    public double? RecordsPerSecond => Records > 1 && LastMs > FirstMs ? Records * 1000.0 / (LastMs - FirstMs) : null;

    /// <summary>Null where no value begins as the registry's clients write it.</summary>
    public string? SchemaIds => _schemas.Count == 0
        ? null
        : string.Join(',', _schemas.Take(MostSchemas)) + (_schemas.Count > MostSchemas ? ",…" : "");

    public void Add(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record)
    {
        Records++;
        int size = record.RawKey.GetValueOrDefault().Length + record.RawValue.GetValueOrDefault().Length;
        Bytes += size;
        MaxBytes = Math.Max(MaxBytes, size);
        if (record.IsTombstone) Tombstones++;
        if (record.HeaderCount > 0) WithHeaders++;
        FirstMs = Math.Min(FirstMs, record.UnixTimeMilliseconds);
        LastMs = Math.Max(LastMs, record.UnixTimeMilliseconds);
        if (record.RawKey is { } key) AddKey(Hash(key.Span));
        else WithoutKey++;
        if (record.RawValue is { } value && SchemaId(value.Span) is { } id && _schemas.Count <= MostSchemas) _schemas.Add(id);
    }

    /// <summary>A zero byte and the id of the schema; a number beyond what a registry hands out is chance.</summary>
    private static int? SchemaId(ReadOnlySpan<byte> value) =>
        value.Length > 5 && value[0] == 0 && BinaryPrimitives.ReadInt32BigEndian(value[1..]) is > 0 and < 1 << 24 and var id ? id : null;

    private void AddKey(ulong hash)
    {
        if (_keys.TryGetValue(hash, out long count)) _keys[hash] = count + 1;
        else if (_keys.Count < MostKeys) _keys.Add(hash, 1);
    }

    /// <summary>FNV-1a with a final mix: keys are counted, not stored.</summary>
    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in bytes) hash = (hash ^ b) * 1099511628211;
        hash ^= hash >> 32;
        return hash * 0x9E3779B97F4A7C15;
    }
}
