using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Sim.Tests;

/// <summary>Bugs one can plant in the toy server; the checkers must find each.</summary>
public enum ToyBug
{
    None,

    /// <summary>Answers when the append is decided, not when it has happened.</summary>
    AckBeforeAppend,

    /// <summary>Answers when the bytes are in the page cache, although the toy promises to survive a power loss.</summary>
    AckBeforeSync,

    /// <summary>Takes whatever length the file has after a crash, without looking at checksums.</summary>
    TrustTail,

    /// <summary>Gives the answer of whatever append completes first to whoever waits first, across connections.</summary>
    SwapAnswers,

    /// <summary>The new log file's name is never made durable.</summary>
    ForgetDirectorySync,
}

/// <summary>A server of 16-byte entries (value, checksum) in one file. Frames: 1 + value appends and answers with the
/// offset; 2 + offset answers with the value, or −1 beyond the end. Shard 0 owns the log, the others pass requests on.</summary>
internal sealed class ToyLog(MachineId id, ToyBug bug, BufferPool pool) : INodeMachine
{
    private const string Folder = "/data";
    private const int EntryBytes = 16;

    private readonly List<long> _values = [];
    private readonly List<ToyRequest> _early = [];
    private readonly List<ToyRequest> _waiting = [];
    private readonly HashSet<ConnectionId> _open = [];
    private IDiskFile? _file;
    private EffectList<NodeEffect> _effects = new();
    private int _written;
    private bool _isSyncing;

    public Instant NextDeadline => Instant.Never;

    public void Step(in NodeEvent e, Instant now, EffectList<NodeEffect> effects)
    {
        _effects = effects;
        switch (e.Kind)
        {
            case NodeEventKind.Start:
                if (id.Number == 0) effects.Add(NodeEffect.Disk(new OpenJob(bug) { LogDirectory = Folder }));
                break;
            case NodeEventKind.Connected: _open.Add(e.Connection); break;
            case NodeEventKind.Disconnected: _open.Remove(e.Connection); break;
            case NodeEventKind.Received: OnFrame(e); break;
            case NodeEventKind.DiskDone: OnDone((DiskOp)e.Payload!); break;
            case NodeEventKind.Message: OnMessage((ToyRequest)e.Payload!); break;
            case NodeEventKind.StopRequested: effects.Add(NodeEffect.Stopped); break;
        }
    }

    private void OnFrame(in NodeEvent e)
    {
        BufferLease lease = (BufferLease)e.Payload!;
        ReadOnlySpan<byte> frame = lease.Whole.Slice(e.Start, e.Length);
        ToyRequest request = new(id, e.Connection, frame[0] == 1, BinaryPrimitives.ReadInt64BigEndian(frame[1..]));
        lease.Release();
        if (id.Number == 0) Serve(request);
        else _effects.Add(NodeEffect.Post(MachineId.Shard(0), request));
    }

    private void OnMessage(ToyRequest request)
    {
        if (request.IsAnswered) Send(request);
        else Serve(request);
    }

    private void Serve(ToyRequest request)
    {
        if (_file is null)
        {
            _early.Add(request);
        }
        else if (!request.IsAppend)
        {
            Answer(request, request.Argument < _written ? _values[(int)request.Argument] : -1);
        }
        else
        {
            Append(request);
        }
    }

    private void Append(ToyRequest request)
    {
        request.Result = _values.Count;
        _values.Add(request.Argument);
        BufferLease data = pool.Rent(EntryBytes);
        ToyFile.Write(data.Span, request.Argument);
        _effects.Add(NodeEffect.Disk(new AppendOp
        {
            LogDirectory = Folder,
            OrderKey = this,
            File = _file!, // open: Serve looked
            Position = (long)request.Result * EntryBytes,
            Data = data,
            Length = EntryBytes,
            Owner = request,
        }));
        if (bug == ToyBug.AckBeforeAppend) Answer(request, request.Result);
        else _waiting.Add(request);
    }

    private void OnDone(DiskOp op)
    {
        if (op.Error != DiskError.None)
        {
            _effects.Add(NodeEffect.Halt(op.ErrorText!)); // an error has a text
            return;
        }

        switch (op)
        {
            case OpenJob open:
                _file = open.File;
                _values.AddRange(open.Values);
                _written = _values.Count;
                foreach (ToyRequest request in _early) Serve(request);
                _early.Clear();
                break;
            case AppendOp append:
                append.Data.Release();
                _written++;
                if (bug == ToyBug.AckBeforeSync) AnswerUpTo(_written);
                else StartSync();
                break;
            case SyncOp sync:
                _isSyncing = false;
                AnswerUpTo(sync.WrittenEnd);
                if (_waiting.Count > 0 && _waiting[0].Result < _written) StartSync();
                break;
        }
    }

    private void StartSync()
    {
        if (_isSyncing || bug == ToyBug.AckBeforeAppend) return;
        _isSyncing = true;
        _effects.Add(NodeEffect.Disk(new SyncOp { LogDirectory = Folder, OrderKey = this, File = _file!, WrittenEnd = _written }));
    }

    private void AnswerUpTo(long end)
    {
        while (_waiting.Count > 0 && _waiting[0].Result < end)
        {
            ToyRequest first = _waiting[0];
            int at = bug == ToyBug.SwapAnswers && _waiting.Count > 1 && _waiting[1].Result < end ? 1 : 0;
            ToyRequest taken = _waiting[at];
            if (at == 1) (taken.Result, first.Result) = (first.Result, taken.Result);
            _waiting.RemoveAt(at);
            Answer(taken, taken.Result);
        }
    }

    private void Answer(ToyRequest request, long result)
    {
        request.Result = result;
        request.IsAnswered = true;
        if (request.Origin == id) Send(request);
        else _effects.Add(NodeEffect.Post(request.Origin, request));
    }

    private void Send(ToyRequest request)
    {
        if (!_open.Contains(request.Connection)) return;
        BufferLease lease = pool.Rent(12);
        BinaryPrimitives.WriteInt32BigEndian(lease.Span, 8);
        BinaryPrimitives.WriteInt64BigEndian(lease.Span[4..], request.Result);
        OutgoingFrame frame = new();
        frame.Add(lease, 0, 12);
        _effects.Add(NodeEffect.Send(request.Connection, frame));
    }

    private sealed class OpenJob(ToyBug bug) : JobOp
    {
        public IDiskFile? File { get; private set; }

        public List<long> Values { get; } = [];

        protected override void Run(IDisk disk)
        {
            disk.CreateDirectory(Folder);
            File = disk.Open($"{Folder}/log", DiskOpenMode.OpenOrCreate);
            if (bug != ToyBug.ForgetDirectorySync)
            {
                disk.SyncDirectory(Folder);
                disk.SyncDirectory("/");
            }

            byte[] bytes = new byte[File.Length];
            DiskFiles.ReadFully(File, 0, bytes);
            ToyFile.Read(bytes, Values, bug == ToyBug.TrustTail);
            File.SetLength((long)Values.Count * EntryBytes);
            // What is served from here on must not vanish: it may never have been synced.
            File.Sync();
        }
    }
}

internal sealed class ToyRequest(MachineId origin, ConnectionId connection, bool isAppend, long argument)
{
    public MachineId Origin => origin;

    public ConnectionId Connection => connection;

    public bool IsAppend => isAppend;

    public long Argument => argument;

    public long Result { get; set; }

    public bool IsAnswered { get; set; }
}

internal static class ToyFile
{
    public static void Write(Span<byte> entry, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(entry, value);
        BinaryPrimitives.WriteInt64BigEndian(entry[8..], Crc32C.Compute(entry[..8]));
    }

    public static void Read(ReadOnlySpan<byte> file, List<long> values, bool isTrusting)
    {
        for (; file.Length >= 16; file = file[16..])
        {
            if (!isTrusting && BinaryPrimitives.ReadInt64BigEndian(file[8..]) != Crc32C.Compute(file[..8])) return;
            values.Add(BinaryPrimitives.ReadInt64BigEndian(file));
        }
    }
}
