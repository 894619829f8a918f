using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Moldau.Records;

/// <summary>zstd in managed code: the whole format of RFC 8878 without dictionaries. Frames may follow one another, and
/// skippable frames are skipped. Memory is the window that the data really uses, at most the frame's window plus a
/// few blocks.</summary>
internal sealed class ZstdDecoder : Decoder
{
    private readonly ZstdBlockDecoder _blocks = new();
    private XxHash64 _hash;
    private byte[]? _buffer;
    private int _outputAt;
    private int _end;
    private long _windowBytes;
    private long _produced;
    private ulong? _contentBytes;
    private bool _hasChecksum;
    private bool _isFrameOpen;

    public override DecodeStatus Decode(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written)
    {
        consumed = 0;
        written = 0;
        while (true)
        {
            int n = Math.Min(_end - _outputAt, output.Length - written);
            _buffer.AsSpan(_outputAt, n).CopyTo(output[written..]);
            _outputAt += n;
            written += n;
            if (written == output.Length && _outputAt < _end) return DecodeStatus.Ok;
            if (!_isFrameOpen && consumed == input.Length) return DecodeStatus.End;
            if (written == output.Length) return DecodeStatus.Ok;
            int read = _isFrameOpen ? DecodeBlock(input[consumed..]) : OpenFrame(input[consumed..]);
            if (read == 0) return DecodeStatus.Corrupt;
            consumed += read;
        }
    }

    public override void Reset()
    {
        if (_buffer is not null) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _outputAt = _end = 0;
        _isFrameOpen = false;
    }

    protected override void Dispose(bool disposing) => Reset();

    /// <summary>Bytes consumed, or 0 where there is no valid frame.</summary>
    private int OpenFrame(ReadOnlySpan<byte> input)
    {
        if (input.Length < 5) return 0;
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(input);
        if ((magic & ZstdFormat.SkippableMask) == ZstdFormat.SkippableMagic)
        {
            if (input.Length < 8) return 0;
            uint skip = BinaryPrimitives.ReadUInt32LittleEndian(input[4..]);
            return skip <= (uint)input.Length - 8 ? 8 + (int)skip : 0;
        }

        if (magic != ZstdFormat.Magic) return 0;
        byte descriptor = input[4];
        bool isSingle = (descriptor & 0x20) != 0;
        int windowFieldBytes = isSingle ? 0 : 1;
        int dictionaryBytes = (1 << (descriptor & 3)) >> 1;
        int sizeFlag = descriptor >> 6;
        int contentFieldBytes = sizeFlag == 0 ? (isSingle ? 1 : 0) : 1 << sizeFlag;
        int headerBytes = 5 + windowFieldBytes + dictionaryBytes + contentFieldBytes;
        if ((descriptor & 0x08) != 0 || input.Length < headerBytes) return 0;
        ReadOnlySpan<byte> rest = input[5..headerBytes];
        if (!isSingle)
        {
            long size = 1L << (10 + (rest[0] >> 3));
            _windowBytes = size + size / 8 * (rest[0] & 7);
            rest = rest[1..];
        }

        if (rest[..dictionaryBytes].ContainsAnyExcept((byte)0)) return 0;
        _contentBytes = contentFieldBytes == 0 ? null : ReadContentSize(rest[dictionaryBytes..]);
        if (isSingle) _windowBytes = (long)Math.Min(_contentBytes!.Value, long.MaxValue);
        if (_windowBytes > 1L << ZstdFormat.MaxWindowLog) return 0;
        _hasChecksum = (descriptor & 0x04) != 0;
        _hash.Reset();
        _blocks.BeginFrame();
        _produced = 0;
        _outputAt = _end = 0;
        _isFrameOpen = true;
        return headerBytes;
    }

    private static ulong ReadContentSize(ReadOnlySpan<byte> field) => field.Length switch
    {
        1 => field[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(field) + 256UL,
        4 => BinaryPrimitives.ReadUInt32LittleEndian(field),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(field),
    };

    /// <summary>Bytes consumed, or 0 where the block, or the frame that it ends, is damaged.</summary>
    private int DecodeBlock(ReadOnlySpan<byte> input)
    {
        if (input.Length < 3) return 0;
        int header = input[0] | (input[1] << 8) | (input[2] << 16);
        bool isLast = (header & 1) != 0;
        int type = (header >> 1) & 3;
        int size = header >> 3;
        int maxBytes = (int)Math.Min(_windowBytes, ZstdFormat.MaxBlockBytes);
        int stored = type == 1 ? 1 : size;
        if (type == 3 || size > maxBytes || stored > input.Length - 3) return 0;
        ReadOnlySpan<byte> block = input.Slice(3, stored);
        MakeRoom(type == 2 ? maxBytes : size);
        int start = _end;
        switch (type)
        {
            case 0:
                block.CopyTo(_buffer.AsSpan(start));
                _end += size;
                break;
            case 1:
                _buffer.AsSpan(start, size).Fill(block[0]);
                _end += size;
                break;
            default:
                int reach = (int)Math.Min(Math.Min(_windowBytes, _produced), start);
                int end = _blocks.Decode(block, _buffer!, start, maxBytes, reach);
                if (end < 0) return 0;
                _end = end;
                break;
        }

        _produced += _end - start;
        if (_hasChecksum) _hash.Append(_buffer.AsSpan(start, _end - start));
        int consumed = 3 + stored;
        if (!isLast) return consumed;
        int trailer = CloseFrame(input[consumed..]);
        return trailer < 0 ? 0 : consumed + trailer;
    }

    /// <summary>Bytes of the checksum, or −1 where the content is not what the frame says.</summary>
    private int CloseFrame(ReadOnlySpan<byte> input)
    {
        _isFrameOpen = false;
        if (_contentBytes is { } expected && expected != (ulong)_produced) return -1;
        if (!_hasChecksum) return 0;
        if (input.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(input) != (uint)_hash.Finish()) return -1;
        return 4;
    }

    /// <summary>Keeps the window and makes place for a block behind it. Everything before has been handed
    /// out.</summary>
    private void MakeRoom(int bytes)
    {
        Base.Verify.That(_outputAt == _end);
        int capacity = _buffer?.Length ?? 0;
        if (capacity - _end >= bytes) return;
        int keep = (int)Math.Min(_windowBytes, _end);

        // Sliding costs a copy of the window: twice its size makes that rare.
        long wanted = Math.Max(keep * 2L, ZstdFormat.MaxBlockBytes) + bytes;
        if (capacity < wanted && capacity < Math.Min(_windowBytes * 2, int.MaxValue / 2) + bytes)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)BitOperations.RoundUpToPowerOf2((uint)wanted));
            _buffer.AsSpan(_end - keep, keep).CopyTo(larger);
            if (_buffer is not null) ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_end - keep, keep).CopyTo(_buffer);
        }

        _end = _outputAt = keep;
    }
}
