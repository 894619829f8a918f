using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Runtime.Tests;

/// <summary>What a test client may ask of <see cref="LogMachine"/>: the first byte of a frame.</summary>
internal enum Ask : byte
{
    /// <summary>Answers the frame.</summary>
    Echo,

    /// <summary>Appends the rest to the file; answers the position (8 bytes).</summary>
    Produce,

    /// <summary>position (8), length (4): answers the bytes as a slice of the file, between two echoes of the
    /// request.</summary>
    Fetch,

    /// <summary>Answers the frame, then closes.</summary>
    Goodbye,

    /// <summary>Syncs the file; answers the frame.</summary>
    Sync,

    /// <summary>Cuts the file to length (8) on a worker; answers the frame.</summary>
    Cut,

    /// <summary>Target machine (4): sends the frame there and answers what comes back.</summary>
    Relay,

    /// <summary>Answers length (4) bytes of memory.</summary>
    Give,

    /// <summary>Drops the file's page cache on a worker; answers the frame.</summary>
    DropCache,
}

/// <summary>A small machine for the tests: one file, the commands of <see cref="Ask"/>. Allocates nothing per echo,
/// produce or fetch once its pools are warm.</summary>
internal sealed class LogMachine(MachineId id, BufferPool pool, SharedFile shared, string directory) : INodeMachine
{
    private const int PrefixBytes = 4;

    private readonly IDiskFile _file = shared.File;
    private readonly OutgoingFramePool _frames = new();
    private readonly Stack<Append> _appends = new();
    private long _end = shared.File.Length;

    public Instant NextDeadline { get; set; } = Instant.Never;

    public int Connected { get; private set; }

    public int Disconnected { get; private set; }

    public int Drained { get; private set; }

    public int Deadlines { get; private set; }

    public List<(int From, int Number)> Relayed { get; } = [];

    public long MostOutstandingBytes { get; private set; }

    public void Step(in NodeEvent e, Instant now, EffectList<NodeEffect> effects)
    {
        MostOutstandingBytes = Math.Max(MostOutstandingBytes, pool.OutstandingBytes);
        switch (e.Kind)
        {
            case NodeEventKind.Connected:
                Connected++;
                break;
            case NodeEventKind.Disconnected:
                Disconnected++;
                break;
            case NodeEventKind.SendDrained:
                Drained++;
                break;
            case NodeEventKind.Deadline:
                Deadlines++;
                NextDeadline = Instant.Never;
                break;
            case NodeEventKind.Received:
                Take(e.Connection, (BufferLease)e.Payload!, e.Start, e.Length, effects);
                break;
            case NodeEventKind.DiskDone:
                TakeDone((DiskOp)e.Payload!, effects);
                break;
            case NodeEventKind.Message:
                TakeMessage((RelayMessage)e.Payload!, effects);
                break;
            case NodeEventKind.StopRequested:
                effects.Add(NodeEffect.Stopped);
                break;
        }
    }

    private void Take(ConnectionId from, BufferLease lease, int start, int length, EffectList<NodeEffect> effects)
    {
        Span<byte> body = lease.Span.Slice(start, length);
        switch (length == 0 ? Ask.Echo : (Ask)body[0])
        {
            case Ask.Produce:
                Produce(from, lease, start + 1, length - 1, effects);
                return;
            case Ask.Fetch:
                Fetch(from, lease, start, length, effects);
                return;
            case Ask.Sync:
                effects.Add(NodeEffect.Disk(new SyncOp
                {
                    LogDirectory = directory,
                    File = _file,
                    Owner = new Pending(from, lease, start, length),
                }));
                return;
            case Ask.Cut:
            case Ask.DropCache:
                if (body[0] == (byte)Ask.Cut) shared.InvalidateSlices();
                effects.Add(NodeEffect.Disk(new FileJob
                {
                    LogDirectory = directory,
                    File = _file,
                    Owner = new Pending(from, lease, start, length),
                    CutTo = body[0] == (byte)Ask.Cut ? BinaryPrimitives.ReadInt64BigEndian(body[1..]) : null,
                }));
                return;
            case Ask.Relay:
                MachineId target = new(BinaryPrimitives.ReadInt32BigEndian(body[1..]));
                int number = BinaryPrimitives.ReadInt32BigEndian(body[5..]);
                effects.Add(NodeEffect.Post(target, new RelayMessage(id, from, number, lease, start, length, false)));
                return;
            case Ask.Give:
                Give(from, BinaryPrimitives.ReadInt32BigEndian(body[1..]), effects);
                lease.Release();
                return;
            default:
                Echo(from, lease, start, length, effects);
                if (length > 0 && body[0] == (byte)Ask.Goodbye) effects.Add(NodeEffect.Close(from));
                return;
        }
    }

    private void Echo(ConnectionId to, BufferLease lease, int start, int length, EffectList<NodeEffect> effects)
    {
        OutgoingFrame frame = Prefixed(length);
        if (length > 0) frame.Add(lease, start, length);
        else lease.Release();
        effects.Add(NodeEffect.Send(to, frame));
    }

    private void Give(ConnectionId to, int length, EffectList<NodeEffect> effects)
    {
        OutgoingFrame frame = Prefixed(length);
        BufferLease bytes = pool.Rent(length);
        bytes.Span.Fill(7);
        frame.Add(bytes, 0, length);
        effects.Add(NodeEffect.Send(to, frame));
    }

    private void Produce(ConnectionId from, BufferLease lease, int start, int length, EffectList<NodeEffect> effects)
    {
        Append append = _appends.TryPop(out Append? free) ? free : NewAppend(lease);
        append.From = from;
        append.Op.Position = _end;
        append.Op.Data = lease;
        append.Op.Start = start;
        append.Op.Length = length;
        _end += length;
        effects.Add(NodeEffect.Disk(append.Op));
    }

    private Append NewAppend(BufferLease lease)
    {
        AppendOp op = new() { LogDirectory = directory, OrderKey = this, File = _file, Position = 0, Data = lease };
        Append append = new(op);
        op.Owner = append;
        return append;
    }

    private void Fetch(ConnectionId from, BufferLease lease, int start, int length, EffectList<NodeEffect> effects)
    {
        ReadOnlySpan<byte> body = lease.Span.Slice(start, length);
        long position = BinaryPrimitives.ReadInt64BigEndian(body[1..]);
        int count = BinaryPrimitives.ReadInt32BigEndian(body[9..]);
        OutgoingFrame frame = Prefixed(length + count + length);
        lease.Retain();
        frame.Add(lease, start, length);
        shared.Retain();
        frame.Add(new FileSlice(_file, position, count, shared.Generation, shared));
        frame.Add(lease, start, length);
        effects.Add(NodeEffect.Send(from, frame));
    }

    private void TakeDone(DiskOp op, EffectList<NodeEffect> effects)
    {
        Verify.That(op.Error == DiskError.None);
        if (op.Owner is Append append)
        {
            append.Op.Data.Release();
            OutgoingFrame frame = Prefixed(8);
            BufferLease answer = pool.Rent(8);
            BinaryPrimitives.WriteInt64BigEndian(answer.Span, append.Op.Position);
            frame.Add(answer, 0, 8);
            effects.Add(NodeEffect.Send(append.From, frame));
            _appends.Push(append);
            return;
        }

        Pending pending = (Pending)op.Owner!;
        Echo(pending.From, pending.Lease, pending.Start, pending.Length, effects);
    }

    private void TakeMessage(RelayMessage message, EffectList<NodeEffect> effects)
    {
        if (message.IsAnswer)
        {
            Echo(message.Connection, message.Lease, message.Start, message.Length, effects);
            return;
        }

        Relayed.Add((message.From.Number, message.Number));
        effects.Add(NodeEffect.Post(message.From, message with { IsAnswer = true }));
    }

    private OutgoingFrame Prefixed(int length)
    {
        OutgoingFrame frame = _frames.Rent();
        BufferLease prefix = pool.Rent(PrefixBytes);
        BinaryPrimitives.WriteInt32BigEndian(prefix.Span, length);
        frame.Add(prefix, 0, PrefixBytes);
        return frame;
    }

    private sealed record RelayMessage(
        MachineId From, ConnectionId Connection, int Number, BufferLease Lease, int Start, int Length, bool IsAnswer);

    private sealed class Append(AppendOp op)
    {
        public AppendOp Op { get; } = op;

        public ConnectionId From { get; set; }
    }

    private sealed record Pending(ConnectionId From, BufferLease Lease, int Start, int Length);

    private sealed class FileJob : JobOp
    {
        public required IDiskFile File { get; init; }

        public long? CutTo { get; init; }

        protected override void Run(IDisk disk)
        {
            if (CutTo is { } length)
            {
                File.SetLength(length);
                return;
            }

            File.Sync();
            ((DiskFile)File).DropCache();
        }
    }
}
