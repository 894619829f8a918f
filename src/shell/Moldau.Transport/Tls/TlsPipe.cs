using System.Threading.Tasks.Sources;
using Moldau.Base;

namespace Moldau.Transport;

/// <summary>The wire as SslStream sees it: memory. Bytes that arrived are put in and its pending read is completed
/// there and then, on the caller's thread; what it writes gathers in an outbox. One thread only, which is asserted:
/// a read that continued on another thread would break the reactor.</summary>
internal sealed class TlsPipe(BufferPool pool) : Stream, IValueTaskSource<int>
{
    private const int OutboxChunkBytes = 32 * 1024;
    private const int SmallestInboxBytes = 16 * 1024;

    private readonly Queue<BufferLease> _outbox = new(0);
    private readonly int _ownerThread = Environment.CurrentManagedThreadId;
    private ManualResetValueTaskSourceCore<int> _read;
    private Memory<byte> _readInto;
    private bool _isReadPending;
    private bool _isEnded;
    private BufferLease? _inbox;
    private int _inboxFrom;
    private int _inboxTo;
    private BufferLease? _outboxLast;
    private int _outboxFrom;

    /// <summary>Bytes that SslStream wrote and that have not left yet.</summary>
    internal long OutboxBytes { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Puts in what arrived and lets the pending read go on.</summary>
    internal void Feed(ReadOnlySpan<byte> bytes)
    {
        CheckThread();
        AddToInbox(bytes);
        if (_isReadPending) CompleteRead();
    }

    /// <summary>No more will arrive: the pending read ends with zero bytes.</summary>
    internal void End()
    {
        _isEnded = true;
        if (_isReadPending) CompleteRead();
    }

    /// <summary>Adds the outbox's pieces to a call that sends them.</summary>
    internal void Gather(GatherList list)
    {
        int from = _outboxFrom;
        foreach (BufferLease chunk in _outbox)
        {
            if (list.IsFull) return;
            list.Add(chunk, from, chunk.Length - from);
            from = 0;
        }
    }

    internal void AdvanceOutbox(long sent)
    {
        OutboxBytes -= sent;
        while (sent > 0)
        {
            BufferLease chunk = _outbox.Peek();
            int left = chunk.Length - _outboxFrom;
            if (sent < left)
            {
                _outboxFrom += (int)sent;
                return;
            }

            sent -= left;
            _outboxFrom = 0;
            _outbox.Dequeue().Release();
            if (_outbox.Count == 0) _outboxLast = null;
        }
    }

    internal void ReleaseAll()
    {
        while (_outbox.TryDequeue(out BufferLease? chunk)) chunk.Release();
        _outboxLast = null;
        OutboxBytes = 0;
        _inbox?.Release();
        _inbox = null;
        _inboxFrom = _inboxTo = 0;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        CheckThread();
        Verify.That(!_isReadPending);
        if (_inboxTo > _inboxFrom || _isEnded) return new(TakeFromInbox(buffer.Span));
        _read.Reset();
        _readInto = buffer;
        _isReadPending = true;
        return new(this, _read.Version);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        CheckThread();
        OutboxBytes += buffer.Length;
        while (buffer.Length > 0)
        {
            if (_outboxLast is null || _outboxLast.Length == _outboxLast.Capacity)
            {
                _outboxLast = pool.Rent(OutboxChunkBytes);
                _outboxLast.SetLength(0);
                _outbox.Enqueue(_outboxLast);
            }

            int at = _outboxLast.Length;
            int count = Math.Min(buffer.Length, _outboxLast.Capacity - at);
            buffer[..count].CopyTo(_outboxLast.Whole[at..]);
            _outboxLast.SetLength(at + count);
            buffer = buffer[count..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private void CompleteRead()
    {
        _isReadPending = false;
        int count = TakeFromInbox(_readInto.Span);
        _readInto = default;
        // Runs SslStream's continuation before it returns.
        _read.SetResult(count);
    }

    private void AddToInbox(ReadOnlySpan<byte> bytes)
    {
        int have = _inboxTo - _inboxFrom;
        if (_inbox is null || _inboxTo + bytes.Length > _inbox.Capacity)
        {
            BufferLease next = pool.Rent(Math.Max(have + bytes.Length, SmallestInboxBytes));
            _inbox?.Whole[_inboxFrom.._inboxTo].CopyTo(next.Whole);
            _inbox?.Release();
            _inbox = next;
            _inboxFrom = 0;
            _inboxTo = have;
        }

        bytes.CopyTo(_inbox.Whole[_inboxTo..]);
        _inboxTo += bytes.Length;
    }

    private int TakeFromInbox(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _inboxTo - _inboxFrom);
        if (count == 0) return 0;
        _inbox!.Whole.Slice(_inboxFrom, count).CopyTo(buffer); // not null while it holds bytes
        _inboxFrom += count;
        if (_inboxFrom < _inboxTo) return count;
        _inbox.Release();
        _inbox = null;
        _inboxFrom = _inboxTo = 0;
        return count;
    }

    private void CheckThread() => Verify.That(Environment.CurrentManagedThreadId == _ownerThread);
}
