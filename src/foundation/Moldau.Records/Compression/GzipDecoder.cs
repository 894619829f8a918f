using System.Buffers.Binary;
using System.IO.Compression;

namespace Moldau.Records;

/// <summary>gzip through the BCL, one member as all producers write it. The BCL takes a truncated stream for a finished
/// one, so the length in the trailer is compared with what came out.</summary>
internal sealed class GzipDecoder : Decoder
{
    /// <summary>Header, an empty block, trailer.</summary>
    private const int SmallestMemberBytes = 20;

    private readonly SpanStream _input = new();
    private GZipStream? _gzip;
    private uint _expectedBytes;
    private uint _producedBytes;

    public override unsafe DecodeStatus Decode(
        ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written)
    {
        consumed = 0;
        written = 0;
        if (_gzip is null)
        {
            if (input.Length < SmallestMemberBytes) return DecodeStatus.Corrupt;
            _expectedBytes = BinaryPrimitives.ReadUInt32LittleEndian(input[^4..]);
            _producedBytes = 0;
            _gzip = new GZipStream(_input, CompressionMode.Decompress, leaveOpen: true);
        }

        fixed (byte* p = input)
        {
            _input.Set(p, input.Length);
            try
            {
                while (written < output.Length)
                {
                    int n = _gzip.Read(output[written..]);
                    if (n == 0) return _producedBytes == _expectedBytes ? DecodeStatus.End : DecodeStatus.Corrupt;
                    written += n;
                    _producedBytes = unchecked(_producedBytes + (uint)n);
                }

                return DecodeStatus.Ok;
            }
            catch (InvalidDataException)
            {
                return DecodeStatus.Corrupt;
            }
            finally
            {
                consumed = _input.Consumed;
                _input.Set(null, 0);
            }
        }
    }

    public override void Reset()
    {
        _gzip?.Dispose();
        _gzip = null;
    }

    protected override void Dispose(bool disposing) => Reset();

    /// <summary>Gives the BCL's stream the caller's span for the length of one call.</summary>
    private sealed unsafe class SpanStream : Stream
    {
        private byte* _data;
        private int _length;

        public int Consumed { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Set(byte* data, int length)
        {
            _data = data;
            _length = length;
            Consumed = 0;
        }

        public override int Read(Span<byte> buffer)
        {
            int n = Math.Min(buffer.Length, _length - Consumed);
            new ReadOnlySpan<byte>(_data + Consumed, n).CopyTo(buffer);
            Consumed += n;
            return n;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
