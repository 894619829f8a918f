using System.Buffers.Binary;
using Moldau.Records;

namespace Moldau.Fuzz;

/// <summary>Makes the checksums of entries right again, so that damage reaches what lies behind the check.</summary>
internal static class BatchRepair
{
    /// <summary>Of all entries that can be told apart; in most inputs also the last one's length.</summary>
    public static void Repair(Span<byte> bytes, bool alsoLength)
    {
        while (bytes.Length > RecordBatchLayout.HeaderBytesUpToMagic)
        {
            BatchReadStatus status = RecordBatchView.TryRead(bytes, out RecordBatchView view);
            bool canFix = alsoLength && bytes.Length >= RecordBatchLayout.HeaderBytes;
            if (status != BatchReadStatus.Ok && canFix)
            {
                BinaryPrimitives.WriteInt32BigEndian(bytes[RecordBatchLayout.Length..], bytes.Length - RecordBatchLayout.LogOverhead);
                status = RecordBatchView.TryRead(bytes, out view);
            }

            if (status != BatchReadStatus.Ok) return;
            int crcAt = view.IsV2 ? RecordBatchLayout.Crc : LegacyMessageLayout.Crc;
            BinaryPrimitives.WriteUInt32BigEndian(bytes[crcAt..], view.ComputeCrc());
            bytes = bytes[view.SizeInBytes..];
        }
    }
}
