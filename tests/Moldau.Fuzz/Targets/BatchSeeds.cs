using System.Buffers.Binary;
using System.Text;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Fuzz;

/// <summary>Valid entries of a log, of every magic and codec.</summary>
internal static class BatchSeeds
{
    public const long Time = 1_700_000_000_000;

    public static IEnumerable<byte[]> All(Prng prng)
    {
        foreach (CompressionCodec codec in Enum.GetValues<CompressionCodec>())
        {
            yield return V2(RecordBatchOptions.Default with { Codec = codec }, 3, prng);
            yield return V2(RecordBatchOptions.Default
                with
            { Codec = codec, Producer = new ProducerIdAndEpoch(7, 1), BaseSequence = 5, IsTransactional = true }, 1, prng);
            if (codec == CompressionCodec.Zstd) continue;
            yield return Legacy(0, codec, prng);
            yield return Legacy(1, codec, prng);
        }

        yield return V2(RecordBatchOptions.Default
            with
        { TimestampType = TimestampType.LogAppendTime, LogAppendTimestamp = Time + 5 }, 2, prng);
        yield return V2(RecordBatchOptions.Default with { DeleteHorizonMs = Time }, 2, prng);
        yield return ControlBatches.BuildEndTransaction(
            RecordBatchOptions.Default with { Producer = new ProducerIdAndEpoch(7, 1) }, Time, isCommit: false, 3);
    }

    public static byte[] V2(RecordBatchOptions options, int count, Prng prng)
    {
        using RecordBatchBuilder builder = new(options);
        for (int i = 0; i < count; i++)
        {
            byte[] value = new byte[prng.Next(60)];
            Array.Fill(value, (byte)('a' + i));
            RecordHeader[] headers = [.. Enumerable.Range(0, prng.Next(3)).Select(h => new RecordHeader($"h{h}", h == 0 ? null : [1, 2]))];
            builder.TryAppend(Time + i, i % 2 == 0 ? Encoding.UTF8.GetBytes($"key{i}") : null, prng.Next(6) == 0 ? null : value, headers);
        }

        return builder.BuildArray();
    }

    public static byte[] Legacy(byte magic, CompressionCodec codec, Prng prng)
    {
        if (codec == CompressionCodec.None) return Message(magic, 5, 0, [1, 2], new byte[prng.Next(30)]);
        byte[] set =
            [.. Enumerable.Range(0, 3).SelectMany(i => Message(magic, i, 0, i == 1 ? null : [(byte)i], new byte[20 + prng.Next(9)]))];
        using RecordCodecs codecs = new(CodecImplementation.Managed);
        Records.Encoder encoder = codecs.GetEncoder(codec);
        byte[] packed = new byte[encoder.MaxEncodedBytes(set.Length)];
        int n = encoder.Encode(set, packed, null);
        return Message(magic, 2, (byte)codec, null, packed[..n]);
    }

    private static byte[] Message(byte magic, long offset, byte attributes, byte[]? key, byte[]? value)
    {
        int at = magic == 0 ? LegacyMessageLayout.KeyLengthV0 : LegacyMessageLayout.KeyLengthV1;
        byte[] bytes = new byte[at + 8 + (key?.Length ?? 0) + (value?.Length ?? 0)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, offset);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), bytes.Length - 12);
        bytes[LegacyMessageLayout.Magic] = magic;
        bytes[LegacyMessageLayout.Attributes] = attributes;
        if (magic == 1) BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(LegacyMessageLayout.TimestampV1), Time + offset);
        foreach (byte[]? part in new[] { key, value })
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), part?.Length ?? -1);
            part?.CopyTo(bytes, at + 4);
            at += 4 + (part?.Length ?? 0);
        }

        BatchRepair.Repair(bytes, alsoLength: false);
        return bytes;
    }
}
