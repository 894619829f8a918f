using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Moldau.Base;

namespace Moldau.Spike;

/// <summary>The client side: one thread, epoll, a fixed number of requests in flight per connection. Prints
/// "requests/s p50 p99 max brokerCpuPerRequest" (µs) of the innocent connections.</summary>
internal static unsafe class LoadGenerator
{
    private const int DontWait = 0x40, NoSignal = 0x4000;
    private const double WarmSeconds = 0.3;

    private sealed class Peer(Socket socket, bool isFetch, int index, bool isHot)
    {
        public readonly long[] SentAt = new long[Connection.Depth];
        public readonly Socket Socket = socket;
        public readonly bool IsFetch = isFetch;
        public readonly bool IsHot = isHot;
        public readonly int ReplyBytes = isFetch ? 8 + ToyBroker.FetchBytes : 8;
        public int Have;
        public long Sent;
        public long Answered;

        public int NextPartition => IsHot ? ToyBroker.HotPartition : (int)((index * 7 + Sent) % ToyBroker.Partitions);
    }

    public static void Run(string[] args)
    {
        int port = int.Parse(args[0]), pid = int.Parse(args[1]);
        double seconds = double.Parse(args[2]);
        int connections = int.Parse(args[3]), depth = int.Parse(args[4]);
        string mode = args[5];
        bool hot = args[6] != "calm";
        int epoll = Native.epoll_create1(0);
        List<Peer> peers = [];
        for (int i = 0; i < connections + (hot ? 1 : 0); i++)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
            bool isHot = i == connections;
            peers.Add(new Peer(socket, !isHot && (mode == "fetch" || (mode == "mixed" && i % 2 == 1)), i, isHot));
            Native.Watch(epoll, (int)socket.Handle, Native.In, i);
        }

        foreach (Peer peer in peers)
            for (int k = 0; k < (peer.IsHot ? 1 : depth); k++) Send(peer);
        if (args[6] != "fresh") Pump(epoll, peers, WarmSeconds, null);
        List<int> latencies = new(1 << 20);
        double cpu = CpuSeconds(pid);
        long start = Stopwatch.GetTimestamp();
        Pump(epoll, peers, seconds, latencies);
        double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cpu = CpuSeconds(pid) - cpu;
        latencies.Sort();
        int n = Math.Max(latencies.Count, 1);
        if (latencies.Count == 0) latencies.Add((int)(elapsed * 1e6));
        Console.WriteLine(
            $"{n / elapsed:F0} {latencies[n / 2]} {latencies[(int)(n * 0.99)]} {latencies[n - 1]} {cpu * 1e6 / n:F1}");
    }

    private static void Pump(int epoll, List<Peer> peers, double seconds, List<int>? latencies)
    {
        EpollEvent* events = stackalloc EpollEvent[64];
        byte[] sink = GC.AllocateUninitializedArray<byte>(256 * 1024, pinned: true);
        long end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end)
        {
            int n = Native.epoll_wait(epoll, events, 64, 20);
            for (int i = 0; i < n; i++) OnReady(peers[(int)events[i].Data], sink, latencies);
        }
    }

    private static void OnReady(Peer peer, byte[] sink, List<int>? latencies)
    {
        nint got;
        fixed (byte* p = sink) got = Native.recv((int)peer.Socket.Handle, p, (nuint)sink.Length, DontWait);
        if (got <= 0) return;
        peer.Have += (int)got;
        for (; peer.Have >= peer.ReplyBytes; peer.Have -= peer.ReplyBytes)
        {
            long sentAt = peer.SentAt[peer.Answered++ % Connection.Depth];
            if (!peer.IsHot) latencies?.Add((int)Stopwatch.GetElapsedTime(sentAt).TotalMicroseconds);
            Send(peer);
        }
    }

    private static void Send(Peer peer)
    {
        byte[] request = Requests[peer.IsFetch ? 1 : 0];
        request[5] = (byte)peer.NextPartition;
        peer.SentAt[peer.Sent++ % Connection.Depth] = Stopwatch.GetTimestamp();
        nint done = 0;
        fixed (byte* p = request)
        {
            while (done < request.Length)
            {
                nint n = Native.send((int)peer.Socket.Handle, p + done, (nuint)(request.Length - done), NoSignal);
                Verify.That(n > 0);
                done += n;
            }
        }
    }

    private static readonly byte[][] Requests = [Request(ToyBroker.ProduceBytes, 0), Request(0, 1)];

    private static byte[] Request(int body, byte api)
    {
        byte[] request = new byte[8 + body];
        BitConverter.TryWriteBytes(request, body);
        request[4] = api;
        return request;
    }

    private static double CpuSeconds(int pid)
    {
        string[] fields = File.ReadAllText($"/proc/{pid}/stat").Split(' ');
        return (long.Parse(fields[13]) + long.Parse(fields[14])) / 100.0;
    }
}
