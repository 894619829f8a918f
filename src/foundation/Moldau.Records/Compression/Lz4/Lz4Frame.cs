using System.Buffers;
using System.Buffers.Binary;

namespace Moldau.Records;

/// <summary>The lz4 frame format as far as Kafka uses it: version 1, independent blocks, no dictionary.</summary>
internal static class Lz4Frame
{
    public const uint Magic = 0x184D2204;
    public const int BlockBytes = 64 * 1024;
    public const uint UncompressedBit = 0x80000000;

    /// <summary>Version 1, independent blocks; no checksums and no content size: what Kafka's producers
    /// write.</summary>
    public const byte Flags = 0x60;

    /// <summary>Blocks of 64 KiB.</summary>
    public const byte BlockDescriptor = 0x40;
    public const int HeaderBytes = 7;

    /// <summary>The header's checksum is the second byte of the hash of flags, descriptor and content size. Kafka's
    /// writers for magic 0 hashed the frame's magic as well.</summary>
    public static byte HeaderChecksum(ReadOnlySpan<byte> descriptor) => (byte)(XxHash32.Compute(descriptor) >> 8);
}

/// <summary>Writes lz4 frames, with the library's block compressor or the managed one.</summary>
internal sealed class Lz4Encoder(bool isNative) : Encoder
{
    private readonly ushort[] _table = isNative ? [] : new ushort[Lz4Block.TableLength];

    public override int MaxEncodedBytes(int inputBytes) => checked(
        Lz4Frame.HeaderBytes + 4 + Lz4Block.MaxEncodedBytes(Lz4Frame.BlockBytes)
        + inputBytes + (inputBytes / Lz4Frame.BlockBytes + 1) * 4);

    public override int Encode(ReadOnlySpan<byte> input, Span<byte> output, int? level)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output, Lz4Frame.Magic);
        output[4] = Lz4Frame.Flags;
        output[5] = Lz4Frame.BlockDescriptor;
        output[6] = Lz4Frame.HeaderChecksum(output[4..6]);
        int at = Lz4Frame.HeaderBytes;
        while (!input.IsEmpty)
        {
            ReadOnlySpan<byte> block = input[..Math.Min(input.Length, Lz4Frame.BlockBytes)];
            Span<byte> target = output[(at + 4)..];
            int n = isNative ? NativeLz4.Encode(block, target, level) : Lz4Block.Encode(block, target, _table);
            uint header = (uint)n;
            if (n >= block.Length)
            {
                block.CopyTo(target);
                n = block.Length;
                header = (uint)n | Lz4Frame.UncompressedBit;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(output[at..], header);
            at += 4 + n;
            input = input[block.Length..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(output[at..], 0);
        return at + 4;
    }
}

/// <summary>Reads lz4 frames block by block. What follows the frame is ignored, as in Kafka.</summary>
internal sealed class Lz4Decoder(bool isNative, bool checksHeader) : Decoder
{
    private byte[]? _block;
    private int _blockAt;
    private int _blockEnd;
    private int _maxBlockBytes;
    private bool _hasBlockChecksums;
    private bool _isFinished;

    public override DecodeStatus Decode(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written)
    {
        consumed = 0;
        written = 0;
        if (_maxBlockBytes == 0 && !TryReadHeader(input, out consumed)) return DecodeStatus.Corrupt;
        while (true)
        {
            int n = Math.Min(_blockEnd - _blockAt, output.Length - written);
            _block.AsSpan(_blockAt, n).CopyTo(output[written..]);
            _blockAt += n;
            written += n;
            if (_isFinished && _blockAt == _blockEnd)
            {
                consumed = input.Length;
                return DecodeStatus.End;
            }

            if (written == output.Length) return DecodeStatus.Ok;
            if (!TryDecodeBlock(input[consumed..], output[written..], out int read, out int direct))
                return DecodeStatus.Corrupt;
            consumed += read;
            written += direct;
        }
    }

    public override void Reset()
    {
        if (_block is not null) ArrayPool<byte>.Shared.Return(_block);
        _block = null;
        _blockAt = _blockEnd = _maxBlockBytes = 0;
        _isFinished = false;
    }

    protected override void Dispose(bool disposing) => Reset();

    private bool TryReadHeader(ReadOnlySpan<byte> input, out int consumed)
    {
        consumed = 0;
        if (input.Length < Lz4Frame.HeaderBytes) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(input) != Lz4Frame.Magic) return false;
        byte flags = input[4];
        byte descriptor = input[5];

        // Reserved bits are zero; of the others, block checksum, content size and content checksum may be set.
        bool areFlagsKnown = (flags & 0xE3) == Lz4Frame.Flags;
        int sizeId = descriptor >> 4;
        if (!areFlagsKnown || (descriptor & 0x8F) != 0 || sizeId is < 4 or > 7) return false;
        int length = (flags & 0x08) != 0 ? 14 : 6;
        if (input.Length < length + 1) return false;
        if (checksHeader && input[length] != Lz4Frame.HeaderChecksum(input[4..length])) return false;
        _hasBlockChecksums = (flags & 0x10) != 0;
        _maxBlockBytes = 1 << (2 * sizeId + 8);
        consumed = length + 1;
        return true;
    }

    private bool TryDecodeBlock(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written)
    {
        consumed = 0;
        written = 0;
        if (input.Length < 4) return false;
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(input);
        int size = (int)(header & ~Lz4Frame.UncompressedBit);
        consumed = 4;
        if (size == 0)
        {
            // The content checksum that may follow is not looked at, as in Kafka: the batch has its own.
            _isFinished = true;
            return true;
        }

        int trailer = _hasBlockChecksums ? 4 : 0;
        if (size > _maxBlockBytes || (long)size + trailer > input.Length - 4) return false;
        ReadOnlySpan<byte> block = input.Slice(4, size);
        consumed = 4 + size + trailer;
        if (_hasBlockChecksums
            && BinaryPrimitives.ReadUInt32LittleEndian(input[(4 + size)..]) != XxHash32.Compute(block)) return false;
        bool isDirect = output.Length >= _maxBlockBytes;
        if (!isDirect) _block ??= ArrayPool<byte>.Shared.Rent(_maxBlockBytes);
        Span<byte> target = isDirect ? output[.._maxBlockBytes] : _block.AsSpan(0, _maxBlockBytes);
        int n = size;
        if ((header & Lz4Frame.UncompressedBit) != 0) block.CopyTo(target);
        else n = isNative ? NativeLz4.Decode(block, target) : Lz4Block.Decode(block, target);
        if (n < 0) return false;
        if (isDirect)
        {
            written = n;
            return true;
        }

        _blockAt = 0;
        _blockEnd = n;
        return true;
    }
}
