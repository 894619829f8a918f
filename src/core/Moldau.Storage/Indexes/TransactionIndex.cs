using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Storage;

/// <summary>One aborted transaction of a partition.</summary>
/// <param name="FirstOffset">Of its first record.</param>
/// <param name="LastOffset">Of its abort marker.</param>
/// <param name="LastStableOffset">Of the partition, once this marker was written: no transaction that was open then
/// begins below it, so a search for an upper bound below it may stop.</param>
public readonly record struct AbortedTransaction(long ProducerId, long FirstOffset, long LastOffset, long LastStableOffset);

/// <summary>The aborted transactions whose markers are in one segment, in the order of the markers.</summary>
public sealed class TransactionIndex
{
    public const int EntryBytes = 34;
    private const short Version = 0;

    private readonly List<AbortedTransaction> _entries = [];

    public int Count => _entries.Count;

    public AbortedTransaction this[int index] => _entries[index];

    public void Append(in AbortedTransaction transaction)
    {
        Verify.That(Count == 0 || transaction.LastOffset > _entries[^1].LastOffset);
        _entries.Add(transaction);
    }

    public TransactionIndex Copy()
    {
        TransactionIndex copy = new();
        copy._entries.AddRange(_entries);
        return copy;
    }

    public bool TruncateTo(long offset) => _entries.RemoveAll(e => e.LastOffset >= offset) > 0;

    /// <summary>Adds the transactions that touch [from, upTo); true if later segments need not be asked.</summary>
    public bool Collect(long from, long upTo, List<AbortedTransaction> into)
    {
        foreach (AbortedTransaction e in _entries)
        {
            if (e.LastOffset >= from && e.FirstOffset < upTo) into.Add(e);
            if (e.LastStableOffset >= upTo) return true;
        }

        return false;
    }

    public byte[] Encode()
    {
        byte[] bytes = new byte[Count * EntryBytes];
        for (int i = 0; i < Count; i++)
        {
            Span<byte> entry = bytes.AsSpan(i * EntryBytes, EntryBytes);
            BinaryPrimitives.WriteInt16BigEndian(entry, Version);
            BinaryPrimitives.WriteInt64BigEndian(entry[2..], _entries[i].ProducerId);
            BinaryPrimitives.WriteInt64BigEndian(entry[10..], _entries[i].FirstOffset);
            BinaryPrimitives.WriteInt64BigEndian(entry[18..], _entries[i].LastOffset);
            BinaryPrimitives.WriteInt64BigEndian(entry[26..], _entries[i].LastStableOffset);
        }

        return bytes;
    }

    /// <summary>Null if the bytes are not whole entries of a known version, in order, of this segment.</summary>
    public static TransactionIndex? TryDecode(long baseOffset, ReadOnlySpan<byte> bytes)
    {
        TransactionIndex index = new();
        if (bytes.Length % EntryBytes != 0) return null;
        for (ReadOnlySpan<byte> rest = bytes; !rest.IsEmpty; rest = rest[EntryBytes..])
        {
            AbortedTransaction e = new(
                BinaryPrimitives.ReadInt64BigEndian(rest[2..]),
                BinaryPrimitives.ReadInt64BigEndian(rest[10..]),
                BinaryPrimitives.ReadInt64BigEndian(rest[18..]),
                BinaryPrimitives.ReadInt64BigEndian(rest[26..]));
            bool isNext = index.Count == 0 || e.LastOffset > index[index.Count - 1].LastOffset;
            if (BinaryPrimitives.ReadInt16BigEndian(rest) > Version || e.LastOffset < baseOffset || !isNext) return null;
            index.Append(e);
        }

        return index;
    }
}
