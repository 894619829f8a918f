using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Moldau.Base;

namespace Moldau.Spike;

/// <summary>Which appends leave the reactor for the writer thread.</summary>
internal enum WriterUse
{
    /// <summary>None: every append runs on the shard's thread.</summary>
    Inline,

    /// <summary>Those of the partition that stalls, from the start.</summary>
    Hot,

    /// <summary>Those of a partition whose last inline append took more than 10 ms.</summary>
    Adaptive,

    /// <summary>All.</summary>
    All,
}

/// <summary>One request in flight, and the message between the shards that carries it.</summary>
internal sealed class Slot(Connection connection)
{
    public const int Capacity = 8 + ToyBroker.ProduceBytes;

    public Connection Connection => connection;

    public byte[] Data { get; } = GC.AllocateArray<byte>(Capacity, pinned: true);

    public int Have { get; set; }

    public bool IsDone { get; set; }

    public Partition? Partition { get; set; }

    public long FetchAt { get; set; }

    public int FetchLeft { get; set; }

    public bool HeaderIsSent { get; set; }
}

internal sealed class Connection(int fd, Shard shard)
{
    public const int Depth = 8;

    private readonly Slot[] _slots = new Slot[Depth];

    public int Fd => fd;

    public Shard Shard => shard;

    public int RequestBytes { get; set; } = 8;

    public bool IsKnown { get; set; }

    public bool WantsOut { get; set; }

    public bool IsGone { get; set; }

    public int Head { get; set; }

    public int Tail { get; set; }

    public ref Slot this[int index] => ref _slots[index % Depth];

    public void Fill()
    {
        for (int i = 0; i < Depth; i++) _slots[i] = new Slot(this);
    }
}

internal sealed class Partition(int index, int fd, int shard)
{
    public int Index => index;

    public int Fd => fd;

    public int Shard => shard;

    public long End { get; set; }

    public long Cursor { get; set; }

    public bool UsesWriter { get; set; }
}

internal static class ToyBroker
{
    public const int ProduceBytes = 16 * 1024;
    public const int FetchBytes = 64 * 1024;
    public const int Partitions = 12;
    public const int HotPartition = Partitions;
    public const int StallMs = 200;
    public const long FileBytes = 16 * 1024 * 1024;

    public static void Serve(int shardCount, WriterUse use, string directory)
    {
        Partition[] partitions = Open(directory, shardCount, use);
        BlockingCollection<Slot> writer = [];
        Shard[] shards = new Shard[shardCount];
        for (int i = 0; i < shardCount; i++) shards[i] = new Shard(shards, partitions, use, writer, i);
        foreach (Shard shard in shards) new Thread(shard.Loop) { IsBackground = true }.Start();
        new Thread(() => Write(writer)) { IsBackground = true }.Start();
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(128);
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port);
        List<Socket> alive = [];
        while (true)
        {
            // The parent ends this process; sockets are kept so that their descriptors stay open until the peer goes.
            Socket socket = listener.Accept();
            socket.NoDelay = true;
            socket.Blocking = false;
            alive.Add(socket);
            shards[alive.Count % shardCount].Adopt((int)socket.Handle);
        }
    }

    public static void Append(Slot slot)
    {
        Partition partition = slot.Partition!;
        if (partition.Index == HotPartition) _ = Native.usleep(StallMs * 1000);
        Span<byte> body = slot.Data.AsSpan(8, ProduceBytes);
        if (partition.End + ProduceBytes > FileBytes) partition.End = 0;
        unsafe
        {
            fixed (byte* p = body) Verify.That(Native.pwrite(partition.Fd, p, ProduceBytes, partition.End) == ProduceBytes);
        }

        partition.End += ProduceBytes;
    }

    private static Partition[] Open(string directory, int shardCount, WriterUse use)
    {
        Directory.CreateDirectory(directory);
        Partition[] partitions = new Partition[Partitions + 1];
        byte[] zero = new byte[FileBytes];
        for (int i = 0; i < partitions.Length; i++)
        {
            string path = Path.Combine(directory, $"p{i}");
            File.WriteAllBytes(path, zero);
            partitions[i] = new Partition(i, Native.OpenFile(path), i % shardCount)
            {
                UsesWriter = use == WriterUse.All || (use == WriterUse.Hot && i == HotPartition),
            };
        }

        return partitions;
    }

    private static void Write(BlockingCollection<Slot> queue)
    {
        foreach (Slot slot in queue.GetConsumingEnumerable())
        {
            Append(slot);
            slot.IsDone = true;
            slot.Connection.Shard.Post(slot);
        }
    }
}

/// <summary>A reactor: mailbox and epoll, run to completion. Mailbox: any thread posts under the lock; the eventfd is
/// written only if the owner sleeps.</summary>
internal sealed unsafe class Shard
{
    private const int DontWait = 0x40, NoSignal = 0x4000, More = 0x8000, TryAgain = 11;

    private readonly Shard[] _all;
    private readonly Partition[] _partitions;
    private readonly WriterUse _use;
    private readonly BlockingCollection<Slot> _writer;
    private readonly int _index;
    private readonly int _epoll = Native.epoll_create1(0);
    private readonly int _wake = Native.eventfd(0, 0x800);
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Connection> _connections = [];
    private List<Slot> _in = [];
    private List<Slot> _taken = [];
    private bool _isAsleep;

    public Shard(Shard[] all, Partition[] partitions, WriterUse use, BlockingCollection<Slot> writer, int index)
    {
        (_all, _partitions, _use, _writer, _index) = (all, partitions, use, writer, index);
        Native.Watch(_epoll, _wake, Native.In, -1);
    }

    public void Adopt(int fd)
    {
        Connection connection = new(fd, this);
        connection.Fill();
        lock (_gate) _connections[fd] = connection;
        Native.Watch(_epoll, fd, Native.In, fd);
    }

    public void Post(Slot slot)
    {
        bool wake;
        lock (_gate)
        {
            _in.Add(slot);
            wake = _isAsleep;
            _isAsleep = false;
        }

        long one = 1;
        if (wake) _ = Native.write(_wake, &one, 8);
    }

    public void Loop()
    {
        EpollEvent* events = (EpollEvent*)NativeMemory.Alloc(64, (nuint)sizeof(EpollEvent));
        while (true)
        {
            lock (_gate) _isAsleep = _in.Count == 0;
            int n = Native.epoll_wait(_epoll, events, 64, _isAsleep ? -1 : 0);
            lock (_gate)
            {
                _isAsleep = false;
                (_in, _taken) = (_taken, _in);
            }

            foreach (Slot slot in _taken)
            {
                // A request comes from another shard's connection; everything else is a completion for one of ours.
                if (slot.Connection.Shard == this) Flush(slot.Connection);
                else Serve(slot);
            }

            _taken.Clear();
            for (int i = 0; i < n; i++) OnReady(events[i]);
        }
    }

    private void OnReady(EpollEvent e)
    {
        long sink;
        if (e.Data < 0)
        {
            _ = Native.read(_wake, &sink, 8);
            return;
        }

        Connection connection;
        lock (_gate) connection = _connections[(int)e.Data];
        if ((e.Events & Native.Out) != 0) Flush(connection);
        if ((e.Events & ~Native.Out) != 0) Receive(connection);
    }

    private void Receive(Connection c)
    {
        while (c.Tail - c.Head < Connection.Depth)
        {
            Slot slot = c[c.Tail];
            nint n;
            fixed (byte* p = slot.Data)
                n = Native.recv(c.Fd, p + slot.Have, (nuint)(c.RequestBytes - slot.Have), DontWait);
            if (n == 0 || (n < 0 && Marshal.GetLastPInvokeError() != TryAgain))
            {
                c.IsGone = true;
                _ = Native.epoll_ctl(_epoll, 2, c.Fd, null);
                return;
            }

            if (n < 0) return;
            slot.Have += (int)n;
            if (slot.Have < c.RequestBytes) continue;
            if (!c.IsKnown)
            {
                // All requests of a connection have one size; the first header says which.
                c.IsKnown = true;
                c.RequestBytes = 8 + BitConverter.ToInt32(slot.Data, 0);
                if (slot.Have < c.RequestBytes) continue;
            }

            c.Tail++;
            slot.Have = 0;
            slot.Partition = _partitions[slot.Data[5]];
            if (slot.Partition.Shard == _index) Serve(slot);
            else _all[slot.Partition.Shard].Post(slot);
        }
    }

    /// <summary>On the partition's owner.</summary>
    private void Serve(Slot slot)
    {
        Partition partition = slot.Partition!;
        if (slot.Data[4] == 1)
        {
            slot.FetchAt = partition.Cursor;
            slot.FetchLeft = ToyBroker.FetchBytes;
            partition.Cursor = (partition.Cursor + ToyBroker.FetchBytes) % ToyBroker.FileBytes;
        }
        else if (partition.UsesWriter)
        {
            _writer.Add(slot);
            return;
        }
        else
        {
            long start = Stopwatch.GetTimestamp();
            ToyBroker.Append(slot);
            if (_use == WriterUse.Adaptive && Stopwatch.GetElapsedTime(start).TotalMilliseconds > 10)
                partition.UsesWriter = true;
        }

        slot.IsDone = true;
        if (slot.Connection.Shard == this) Flush(slot.Connection);
        else slot.Connection.Shard.Post(slot);
    }

    private void Flush(Connection c)
    {
        while (!c.IsGone && c.Head < c.Tail && c[c.Head].IsDone)
        {
            Slot slot = c[c.Head];
            bool isFetch = slot.Data[4] == 1;
            if (!slot.HeaderIsSent)
            {
                slot.HeaderIsSent = true;
                long header = isFetch ? ToyBroker.FetchBytes : 0;
                _ = Native.send(c.Fd, &header, 8, DontWait | NoSignal | (isFetch ? More : 0));
            }

            while (isFetch && slot.FetchLeft > 0)
            {
                long at = slot.FetchAt;
                nint n = Native.sendfile(c.Fd, slot.Partition!.Fd, &at, (nuint)slot.FetchLeft);
                if (n <= 0)
                {
                    if (!c.WantsOut) Native.Watch(_epoll, c.Fd, Native.In | Native.Out, c.Fd, modify: true);
                    c.WantsOut = true;
                    return;
                }

                slot.FetchAt += n;
                slot.FetchLeft -= (int)n;
            }

            slot.IsDone = slot.HeaderIsSent = false;
            c.Head++;
        }

        if (!c.WantsOut || c.IsGone) return;
        c.WantsOut = false;
        Native.Watch(_epoll, c.Fd, Native.In, c.Fd, modify: true);
    }
}
