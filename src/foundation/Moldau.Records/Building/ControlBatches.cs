using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Records;

/// <summary>Control records: markers of transactions, and what Raft writes into its log about itself.</summary>
public static class ControlBatches
{
    /// <summary>Version and type, two bytes each.</summary>
    public const int KeyBytes = 4;

    private const short KeyVersion = 0;
    private const int EndTransactionValueBytes = 6;

    public static void WriteKey(Span<byte> destination, ControlRecordType type)
    {
        BinaryPrimitives.WriteInt16BigEndian(destination, KeyVersion);
        BinaryPrimitives.WriteInt16BigEndian(destination[2..], (short)type);
    }

    /// <summary>The type in a control record's key; false where it is too short. Types that are not defined come out
    /// as they are: readers skip them.</summary>
    public static bool TryReadKey(ReadOnlySpan<byte> key, out ControlRecordType type)
    {
        type = default;
        if (key.Length < KeyBytes || BinaryPrimitives.ReadInt16BigEndian(key) < 0) return false;
        type = (ControlRecordType)BinaryPrimitives.ReadInt16BigEndian(key[2..]);
        return true;
    }

    /// <summary>A batch with one control record.</summary>
    public static byte[] Build(
        RecordBatchOptions options, long timestamp, ControlRecordType type, ReadOnlySpan<byte> value)
    {
        using RecordBatchBuilder builder = new(options with { IsControl = true });
        Verify.That(builder.TryAppendControl(timestamp, type, value));
        return builder.BuildArray();
    }

    /// <summary>The marker that ends a producer's transaction in a partition.</summary>
    public static byte[] BuildEndTransaction(
        RecordBatchOptions options, long timestamp, bool isCommit, int coordinatorEpoch)
    {
        Span<byte> value = stackalloc byte[EndTransactionValueBytes];
        BinaryPrimitives.WriteInt16BigEndian(value, 0);
        BinaryPrimitives.WriteInt32BigEndian(value[2..], coordinatorEpoch);
        ControlRecordType type = isCommit ? ControlRecordType.Commit : ControlRecordType.Abort;
        return Build(options with { IsTransactional = true }, timestamp, type, value);
    }

    /// <summary>The coordinator epoch in the value of a marker.</summary>
    public static bool TryReadEndTransaction(ReadOnlySpan<byte> value, out int coordinatorEpoch)
    {
        coordinatorEpoch = 0;
        if (value.Length < EndTransactionValueBytes || BinaryPrimitives.ReadInt16BigEndian(value) < 0) return false;
        coordinatorEpoch = BinaryPrimitives.ReadInt32BigEndian(value[2..]);
        return true;
    }
}
