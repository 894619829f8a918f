using System.Buffers;
using System.Buffers.Binary;

namespace Moldau.Records;

/// <summary>The framing of snappy-java (xerial), which Kafka's clients write: a header of 16 bytes, then chunks, each
/// with its length in front.</summary>
internal static class XerialFraming
{
    public const int HeaderBytes = 16;
    public const int ChunkBytes = 32 * 1024;
    private const int Version = 1;

    public static ReadOnlySpan<byte> Magic =>
        [0x82, (byte)'S', (byte)'N', (byte)'A', (byte)'P', (byte)'P', (byte)'Y', 0];

    public static void WriteHeader(Span<byte> destination)
    {
        Magic.CopyTo(destination);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], Version);
        BinaryPrimitives.WriteInt32BigEndian(destination[12..], Version);
    }
}

internal sealed class SnappyEncoder : Encoder
{
    private readonly ushort[] _table = new ushort[SnappyBlock.TableLength];

    public override int MaxEncodedBytes(int inputBytes)
    {
        int chunks = inputBytes / XerialFraming.ChunkBytes + 1;
        return checked(XerialFraming.HeaderBytes + chunks * (4 + 32) + SnappyBlock.MaxEncodedBytes(inputBytes));
    }

    public override int Encode(ReadOnlySpan<byte> input, Span<byte> output, int? level)
    {
        XerialFraming.WriteHeader(output);
        int at = XerialFraming.HeaderBytes;
        while (!input.IsEmpty)
        {
            int n = Math.Min(input.Length, XerialFraming.ChunkBytes);
            int encoded = SnappyBlock.Encode(input[..n], output[(at + 4)..], _table);
            BinaryPrimitives.WriteInt32BigEndian(output[at..], encoded);
            at += 4 + encoded;
            input = input[n..];
        }

        return at;
    }
}

/// <summary>Reads the xerial framing, and raw snappy where its header is missing, as other clients write it.</summary>
internal sealed class SnappyDecoder : Decoder
{
    private byte[]? _chunk;
    private int _chunkAt;
    private int _chunkEnd;
    private bool _isStarted;
    private bool _isRaw;

    public override DecodeStatus Decode(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written)
    {
        consumed = 0;
        written = 0;
        if (!_isStarted)
        {
            _isStarted = true;
            if (input.IsEmpty) return DecodeStatus.Corrupt;
            _isRaw = !input.StartsWith(XerialFraming.Magic);
            if (!_isRaw && input.Length < XerialFraming.HeaderBytes) return DecodeStatus.Corrupt;
        }

        while (true)
        {
            int n = Math.Min(_chunkEnd - _chunkAt, output.Length - written);
            _chunk.AsSpan(_chunkAt, n).CopyTo(output[written..]);
            _chunkAt += n;
            written += n;
            if (written == output.Length) return DecodeStatus.Ok;
            if (consumed == input.Length) return DecodeStatus.End;
            DecodeStatus status = DecodeChunk(input[consumed..], output[written..], out int read, out int direct);
            consumed += read;
            written += direct;
            if (status != DecodeStatus.Ok) return status;
        }
    }

    public override void Reset()
    {
        if (_chunk is not null) ArrayPool<byte>.Shared.Return(_chunk);
        _chunk = null;
        _chunkAt = _chunkEnd = 0;
        _isStarted = false;
    }

    protected override void Dispose(bool disposing) => Reset();

    private DecodeStatus DecodeChunk(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written)
    {
        consumed = 0;
        written = 0;
        ReadOnlySpan<byte> chunk = input;
        if (!_isRaw)
        {
            // Streams that were put behind one another repeat the header.
            if (input.StartsWith(XerialFraming.Magic))
            {
                if (input.Length < XerialFraming.HeaderBytes) return DecodeStatus.Corrupt;
                consumed = XerialFraming.HeaderBytes;
                return DecodeStatus.Ok;
            }

            if (input.Length < 4) return DecodeStatus.Corrupt;
            int size = BinaryPrimitives.ReadInt32BigEndian(input);
            if (size < 0 || size > input.Length - 4) return DecodeStatus.Corrupt;
            chunk = input.Slice(4, size);
            consumed = 4;
        }

        if (!SnappyBlock.TryReadLength(chunk, out int length, out int prefix)) return DecodeStatus.Corrupt;
        consumed += chunk.Length;
        if (length <= output.Length)
        {
            written = length;
            return SnappyBlock.TryDecode(chunk, prefix, output[..length]) ? DecodeStatus.Ok : DecodeStatus.Corrupt;
        }

        if (_chunk is null || _chunk.Length < length)
        {
            if (_chunk is not null) ArrayPool<byte>.Shared.Return(_chunk);
            _chunk = ArrayPool<byte>.Shared.Rent(length);
        }

        _chunkAt = 0;
        _chunkEnd = length;
        return SnappyBlock.TryDecode(chunk, prefix, _chunk.AsSpan(0, length)) ? DecodeStatus.Ok : DecodeStatus.Corrupt;
    }
}
