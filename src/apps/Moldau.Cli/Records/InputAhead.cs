namespace Moldau.Cli.Records;

/// <summary>A stream whose beginning a thread of its own reads ahead. Whether there is only a little is known when its end was
/// seen, and a read of standard input can neither be given up nor be done in the pool without starting that first.</summary>
internal sealed class InputAhead(Stream input) : Stream
{
    /// <summary>More is not read ahead, in bytes.</summary>
    public const int MostBytes = 64 << 10;

    /// <summary>How long the end is waited for behind the first bytes, in milliseconds: whoever pipes a line has ended by
    /// then.</summary>
    private const int PatienceMs = 5;

    /// <summary>How often it is looked whether to give up, in milliseconds.</summary>
    private const int SliceMs = 50;

    private readonly object _lock = new();
    private readonly byte[] _bytes = new byte[MostBytes];
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _length;
    private int _taken;
    private bool _isOver;
    private bool _isTakenOver;
    private bool _hasLeft;
    private IOException? _error;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Waits for the first bytes, and a moment for the end.</summary>
    /// <returns>True where all there is has been read.</returns>
    /// <exception cref="OperationCanceledException">It was given up before anything came.</exception>
    public bool ReadToEnd(CancellationToken cancel)
    {
        new Thread(ReadAhead) { IsBackground = true }.Start();
        lock (_lock)
        {
            while (_length == 0 && !_hasLeft)
            {
                Monitor.Wait(_lock, SliceMs);
                cancel.ThrowIfCancellationRequested();
            }

            if (!_hasLeft) Monitor.Wait(_lock, PatienceMs);
            return _isOver;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            lock (_lock)
            {
                int n = Math.Min(buffer.Length, _length - _taken);
                if (n > 0)
                {
                    _bytes.AsSpan(_taken, n).CopyTo(buffer.Span);
                    _taken += n;
                    return n;
                }

                if (_isOver) return 0;
                if (_error is not null) throw _error;
                _isTakenOver = true;
                if (_hasLeft) break;
            }

            await _left.Task.ConfigureAwait(false);
        }

        return await input.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) input.Dispose();
        base.Dispose(disposing);
    }

    private void ReadAhead()
    {
        bool hasMore = true;
        while (hasMore)
        {
            int n = 0;
            IOException? error = null;
            try
            {
                // Nobody else moves the length.
                n = input.Read(_bytes, _length, MostBytes - _length);
            }
            catch (Exception trouble) when (trouble is IOException or ObjectDisposedException or UnauthorizedAccessException)
            {
                error = trouble as IOException ?? new IOException(trouble.Message, trouble);
            }

            lock (_lock)
            {
                bool isFirst = _length == 0;
                (_length, _error, _isOver) = (_length + n, error, n == 0 && error is null);
                hasMore = n > 0 && _length < MostBytes && !_isTakenOver;
                _hasLeft = !hasMore;
                if (isFirst || _hasLeft) Monitor.PulseAll(_lock);
            }
        }

        _left.TrySetResult();
    }
}
