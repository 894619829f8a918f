namespace Moldau.Cli.Records;

/// <summary>Cuts a stream into pieces at a terminator. The last piece may lack it.</summary>
internal sealed class RecordInput(Stream stream, byte[] terminator)
{
    /// <summary>No piece may be larger, in bytes: a missing terminator must not fill the memory.</summary>
    public const int MaxBytes = 128 << 20;

    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;
    private bool _isOver;

    /// <summary>The next piece, valid until the next call; null at the end.</summary>
    /// <exception cref="FormatException">A piece is too large.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancel)
    {
        int searched = _start;
        while (true)
        {
            int found = terminator.Length == 0 ? -1 : _buffer.AsSpan(searched, _end - searched).IndexOf(terminator);
            if (found >= 0)
            {
                ReadOnlyMemory<byte> piece = _buffer.AsMemory(_start, searched + found - _start);
                _start = searched + found + terminator.Length;
                return piece;
            }

            if (_isOver) return Rest();
            int before = Math.Max(_start, _end - terminator.Length + 1) - _start;
            await FillAsync(cancel).ConfigureAwait(false);
            searched = _start + before;
        }
    }

    private ReadOnlyMemory<byte>? Rest()
    {
        if (_start == _end) return null;
        ReadOnlyMemory<byte> piece = _buffer.AsMemory(_start, _end - _start);
        _start = _end;
        return piece;
    }

    private async ValueTask FillAsync(CancellationToken cancel)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_end >= MaxBytes) throw new FormatException($"it is larger than {MaxBytes} bytes");
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        // A read of standard input cannot be given up; the one that is left behind ends with the process.
        int read = await stream.ReadAsync(_buffer.AsMemory(_end), CancellationToken.None).AsTask().WaitAsync(cancel).ConfigureAwait(false);
        _isOver = read == 0;
        _end += read;
    }
}
