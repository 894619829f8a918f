using Moldau.Base;
using Moldau.Broker;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>Encrypted connections: the same frames, through a <see cref="TlsSession"/> on both ways. Slices of files
/// are read into memory.</summary>
public sealed partial class Reactor
{
    private const int EncryptedBytes = 64 * 1024;

    // What one receive brings is fed to the session at once, so one buffer serves all connections.
    private BufferLease? _encrypted;
    private int _handshakesThisTurn;

    private void ReceiveTls(Connection connection, TlsSession tls)
    {
        if (tls.IsHandshaking)
        {
            // Left in the kernel's buffer: epoll says so again in the next turn.
            if (_handshakesThisTurn >= _limits.HandshakesPerTurn) return;
            _handshakesThisTurn++;
        }

        _encrypted ??= _pool.Rent(EncryptedBytes);
        if (connection.Pause != PauseReason.None) return;
        IoResult result = connection.Socket.Receive(_encrypted.Span);
        if (result.WouldBlock) return;
        if (!result.IsOk || result.Count == 0)
        {
            CloseNow(connection);
            return;
        }

        Metrics.BytesIn.Add(result.Count);
        _idle.Touch(connection, _nowNs);
        tls.Feed(_encrypted.Span[..(int)result.Count]);
        Decrypt(connection, tls);
    }

    private void Decrypt(Connection connection, TlsSession tls)
    {
        while (true)
        {
            bool heldNothing = connection.Reader.HeldBytes == 0;
            if (!tls.TryDecrypt(connection.Reader.GetSpace(), out int count))
            {
                if (heldNothing) connection.Reader.Release();
                break;
            }

            connection.Reader.Advance(count);
            Deliver(connection);
            if (connection.IsClosed) return;
        }

        if (tls.Failure is { } failure)
        {
            Metrics.FailedAuthentications.Increment();
            _log.Info($"{Id}: closing {connection.Id} from {connection.Info.PeerAddress}: TLS: {failure}");
            // The alert that tells the peer why.
            SendEncrypted(connection, tls);
            CloseNow(connection);
        }
        else if (tls.IsEnded)
        {
            CloseNow(connection);
        }
        else if (tls.OutgoingBytes > 0)
        {
            ListForFlush(connection);
        }
    }

    private SendOutcome SendNextTls(Connection connection, TlsSession tls)
    {
        SendQueue queue = connection.Out;
        if (tls.OutgoingBytes >= EncryptedBytes || queue.IsEmpty) return SendEncrypted(connection, tls);
        OutgoingFrame head = queue.Head;
        if (head.PartSpan.Length == 0)
        {
            queue.Advance(0);
            return SendOutcome.Progress;
        }

        ref readonly OutgoingFrame.Part part = ref head.PartSpan[queue.Part];
        if (part.Lease is not null)
        {
            int count = Math.Min(part.Length - queue.PartDone, EncryptedBytes);
            if (!tls.TryEncrypt(part.Lease.Span.Slice(part.Start + queue.PartDone, count))) return SendOutcome.Failed;
            queue.Advance(count);
            return SendOutcome.Progress;
        }

        if (queue.Staged is { } staged)
        {
            int count = queue.StagedTo - queue.StagedFrom;
            if (!tls.TryEncrypt(staged.Span.Slice(queue.StagedFrom, count))) return SendOutcome.Failed;
            queue.Unstage();
            queue.Advance(count);
            return SendOutcome.Progress;
        }

        // A read may take long: what is encrypted leaves first.
        if (tls.OutgoingBytes > 0) return SendEncrypted(connection, tls);
        return part.Length == 0
            ? SkipEmpty(queue)
            : Stage(connection, part.File, part.File.Position + queue.PartDone);
    }

    private SendOutcome SendEncrypted(Connection connection, TlsSession tls)
    {
        _gather.Clear();
        tls.Gather(_gather);
        if (_gather.Count == 0) return SendOutcome.Progress;
        IoResult result = connection.Socket.Send(_gather, more: false);
        if (result.WouldBlock) return SendOutcome.Blocked;
        if (!result.IsOk) return SendOutcome.Failed;
        Metrics.BytesOut.Add(result.Count);
        tls.AdvanceOutgoing(result.Count);
        _idle.Touch(connection, _nowNs);
        return result.Count < _gather.Bytes ? SendOutcome.Blocked : SendOutcome.Progress;
    }

    private void SayGoodbye(Connection connection, TlsSession tls)
    {
        tls.Goodbye();
        SendEncrypted(connection, tls);
    }

    private static SendOutcome SkipEmpty(SendQueue queue)
    {
        queue.Advance(0);
        return SendOutcome.Progress;
    }
}
