using System.Buffers;
using System.Net.Security;
using System.Security.Authentication;
using Moldau.Base;

namespace Moldau.Transport;

/// <summary>TLS of one connection as spans in and out: SslStream over memory, driven by the thread that makes it.
/// Between frames it holds no buffer of ours.</summary>
public sealed class TlsSession : IDisposable
{
    private const int PlainBytes = 16 * 1024;

    private readonly TlsPipe _pipe;
    private readonly SslStream _stream;
    private readonly Task _handshake;
    private ValueTask<int> _read;
    private bool _isReading;
    private byte[]? _plain;
    private int _plainFrom;
    private int _plainTo;
    private bool _isDisposed;

    public TlsSession(TlsServer server, BufferPool pool)
    {
        ArgumentNullException.ThrowIfNull(server);
        _pipe = new(pool);
        _stream = new(_pipe, leaveInnerStreamOpen: true);
        _handshake = _stream.AuthenticateAsServerAsync(server.Options);
    }

    public bool IsHandshaking => !_handshake.IsCompleted;

    /// <summary>The peer said goodbye.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Why the session cannot go on, or null.</summary>
    public string? Failure { get; private set; }

    /// <summary>Encrypted bytes waiting to be sent.</summary>
    public long OutgoingBytes => _pipe.OutboxBytes;

    /// <summary>Takes encrypted bytes from the wire. Afterwards read with <see cref="TryDecrypt"/> until it is
    /// false.</summary>
    public void Feed(ReadOnlySpan<byte> encrypted) => _pipe.Feed(encrypted);

    /// <summary>Copies decrypted bytes; false when there are none for now, or none any more (see <see cref="IsEnded"/>
    /// and <see cref="Failure"/>).</summary>
    public bool TryDecrypt(Span<byte> plain, out int count)
    {
        count = 0;
        try
        {
            if (!TryFill()) return false;
        }
        catch (Exception e) when (e is IOException or AuthenticationException or InvalidOperationException)
        {
            Failure = e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}";
            return false;
        }

        count = Math.Min(plain.Length, _plainTo - _plainFrom);
        _plain.AsSpan(_plainFrom, count).CopyTo(plain);
        _plainFrom += count;
        return true;
    }

    /// <summary>Encrypts; the result waits in the outbox. False when the session cannot go on.</summary>
    public bool TryEncrypt(ReadOnlySpan<byte> plain)
    {
        Verify.That(!IsHandshaking);
        try
        {
            while (plain.Length > 0)
            {
                int count = Math.Min(plain.Length, PlainBytes);
                _stream.Write(plain[..count]);
                plain = plain[count..];
            }

            return true;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            Failure = e.Message;
            return false;
        }
    }

    /// <summary>Adds close_notify to the outbox.</summary>
    public void Goodbye()
    {
        if (!_handshake.IsCompletedSuccessfully || Failure is not null || IsEnded) return;
        Task sent = _stream.ShutdownAsync();
        Verify.That(sent.IsCompleted);
        // The peer may have broken the session meanwhile; then there is nothing left to say.
        if (sent.IsFaulted) Failure = sent.Exception.InnerException?.Message;
    }

    public void Gather(GatherList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        _pipe.Gather(list);
    }

    public void AdvanceOutgoing(long sent) => _pipe.AdvanceOutbox(sent);

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _pipe.End();
        // Reading the exception marks it as seen: an unfinished handshake ends with one here.
        if (_handshake.IsFaulted) _ = _handshake.Exception;
        _stream.Dispose();
        _pipe.ReleaseAll();
        ReturnPlain();
    }

    /// <summary>Makes sure that decrypted bytes are at hand.</summary>
    private bool TryFill()
    {
        if (_plainFrom < _plainTo) return true;
        if (!_isReading) ReturnPlain();
        if (!_handshake.IsCompleted || IsEnded || Failure is not null) return false;
        if (_handshake.IsFaulted) _handshake.GetAwaiter().GetResult();
        while (true)
        {
            // An idle session waits in a read of no bytes, for which SslStream holds no buffer; the real read follows
            // once something has arrived.
            if (!_isReading)
            {
                _read = _stream.ReadAsync(_plain ?? Memory<byte>.Empty);
                _isReading = true;
            }

            if (!_read.IsCompleted) return false;
            _isReading = false;
            int count = _read.GetAwaiter().GetResult();
            if (_plain is null)
            {
                _plain = ArrayPool<byte>.Shared.Rent(PlainBytes);
                continue;
            }

            _plainFrom = 0;
            _plainTo = count;
            if (count > 0) return true;
            IsEnded = true;
            ReturnPlain();
            return false;
        }
    }

    private void ReturnPlain()
    {
        if (_plain is not null) ArrayPool<byte>.Shared.Return(_plain);
        _plain = null;
        _plainFrom = _plainTo = 0;
    }
}
