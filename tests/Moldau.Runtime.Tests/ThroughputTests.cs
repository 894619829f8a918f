using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Moldau.Runtime.Tests;

/// <summary>A first look at speed, only when asked for: MOLDAU_BENCH=seconds. Clients share the machine with the
/// reactor, so what counts is the reactor thread's own time per request.</summary>
public sealed class ThroughputTests(ITestOutputHelper output)
{
    private const int Clients = 16;

    [Fact]
    public void Requests_PerSecond()
    {
        string? asked = Environment.GetEnvironmentVariable("MOLDAU_BENCH");
        if (!int.TryParse(asked, CultureInfo.InvariantCulture, out int seconds))
            Assert.Skip("set MOLDAU_BENCH to the seconds of each measurement");
        Measure("echo 100 B", 100, 1, seconds);
        Measure("echo 100 B", 100, 32, seconds);
        Measure("produce 1 KiB", 1024, 8, seconds);
        foreach (string what in (string[])["produce", "fetch"])
        {
            Measure($"{what} 16 KiB", 16 * 1024, 4, seconds);
            Measure($"{what} 64 KiB", 64 * 1024, 2, seconds);
            Measure($"{what} 1 MiB", 1024 * 1024, 1, seconds);
        }
    }

    private void Measure(string what, int bytes, int depth, int seconds)
    {
        using TestNode node = new();
        using TestClient first = node.Connect();
        first.Produce(new byte[4 * 1024 * 1024]);
        byte[] ask = what.Split(' ')[0] switch
        {
            "echo" => TestClient.Frame(Ask.Echo, new byte[bytes]),
            "produce" => TestClient.Frame(Ask.Produce, new byte[bytes]),
            _ => TestClient.FetchFrame(0, bytes),
        };
        long count = 0;
        long until = Stopwatch.GetTimestamp() + (seconds * Stopwatch.Frequency);
        TimeSpan before = ReactorTime();
        Thread[] threads = new Thread[Clients];
        for (int i = 0; i < Clients; i++)
        {
            threads[i] = new Thread(() => Drive(node, ask, depth, until, ref count));
            threads[i].Start();
        }

        foreach (Thread thread in threads) thread.Join();
        double cpuMicros = (ReactorTime() - before).TotalMicroseconds / count;
        double perSecond = (double)count / seconds;
        output.WriteLine(FormattableString.Invariant(
            $"{what} depth {depth}: {perSecond:n0}/s, {perSecond * bytes / 1e9:f2} GB/s, {cpuMicros:f1} µs CPU each"));
        Assert.True(count > 0);
    }

    private static void Drive(TestNode node, byte[] ask, int depth, long until, ref long count)
    {
        using TestClient client = node.Connect();
        byte[] burst = new byte[ask.Length * depth];
        for (int i = 0; i < depth; i++) ask.CopyTo(burst, i * ask.Length);
        byte[] into = new byte[256 * 1024];
        int answerBytes = 4 + client.Call(ask).Length;
        long done = 0;
        while (Stopwatch.GetTimestamp() < until)
        {
            client.Send(burst);
            for (long left = (long)answerBytes * depth; left > 0;)
                left -= client.Socket.Receive(into, 0, (int)Math.Min(left, into.Length), SocketFlags.None);
            done += depth;
        }

        Interlocked.Add(ref count, done);
    }

    /// <summary>CPU time of the thread named after the first shard.</summary>
    private static TimeSpan ReactorTime()
    {
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            string[] parts = File.ReadAllText(Path.Combine(task, "stat")).Split(' ');
            if (parts[1] != "(shard-0)") continue;
            long ticks = long.Parse(parts[13], CultureInfo.InvariantCulture)
                + long.Parse(parts[14], CultureInfo.InvariantCulture);
            return TimeSpan.FromMilliseconds(ticks * 10);
        }

        return TimeSpan.Zero;
    }
}
