using System.Buffers.Binary;

namespace Moldau.Faults;

/// <summary>Values that say who sent them and as which of its records of that partition, so that each is unique and a
/// reader can tell from the bytes alone that nothing of them is wrong.</summary>
internal static class Payload
{
    private const int HeadBytes = 16;
    private const int SequenceBits = 40;

    public static long IdOf(int worker, long sequence) => ((long)worker << SequenceBits) | sequence;

    public static int WorkerOf(long id) => (int)(id >> SequenceBits);

    public static long SequenceOf(long id) => id & ((1L << SequenceBits) - 1);

    public static byte[] Make(int worker, long sequence)
    {
        var bytes = new byte[HeadBytes + PadOf(worker, sequence)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, worker);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), sequence);
        for (var i = HeadBytes; i < bytes.Length; i++) bytes[i] = (byte)(sequence + (i / 8));
        return bytes;
    }

    /// <summary>The id of a value; 0 where its bytes are not what was sent.</summary>
    public static long Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadBytes) return 0;
        var worker = BinaryPrimitives.ReadInt64BigEndian(bytes);
        var sequence = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
        if (worker is < 1 or > 1000 || sequence < 1 || bytes.Length != HeadBytes + PadOf((int)worker, sequence)) return 0;
        for (var i = HeadBytes; i < bytes.Length; i++)
            if (bytes[i] != (byte)(sequence + (i / 8))) return 0;
        return IdOf((int)worker, sequence);
    }

    public static string Text(long id) => id == 0 ? "something else" : $"record {SequenceOf(id)} of producer {WorkerOf(id)}";

    private static int PadOf(int worker, long sequence) => (int)(((sequence * 7919) + (worker * 31)) % 400);
}
