using System.Diagnostics;
using Moldau.Client;

namespace Moldau.Embedded.Tests;

/// <summary>Several brokers in one process, beside and after one another.</summary>
public sealed class SideBySideTests(ITestOutputHelper output)
{
    private const int Rounds = 50;

    private static CancellationToken Cancel => Broker.Patience;

    [Fact]
    public async Task Brokers_BesideOneAnother_KnowNothingOfEachOther()
    {
        EmbeddedOptions system = new() { Topics = [new NewTopic("same", 1, 1)] };
        EmbeddedOptions portable = system with { Transport = EmbeddedTransport.Portable };
        EmbeddedBroker[] brokers = await Task.WhenAll(
            EmbeddedBroker.StartAsync(system, Cancel), EmbeddedBroker.StartAsync(portable, Cancel),
            EmbeddedBroker.StartAsync(system, Cancel), EmbeddedBroker.StartAsync(portable, Cancel));
        string[] ids = await Task.WhenAll(brokers.Select(async (broker, number) =>
        {
            await using MoldauClient client = broker.CreateClient();
            await Broker.SendAsync(client, "same", number * 1000, 100 + number);
            if (number == 2) await brokers[2].KillAsync();
            if (number == 2) await brokers[2].RestartAsync(Cancel);
            Assert.Equal(Enumerable.Range(number * 1000, 100 + number), await Broker.ReadAsync(client, "same", 100 + number));
            return (await client.Admin.DescribeClusterAsync(Cancel)).ClusterId!;
        }));
        Assert.Equal(4, ids.Distinct().Count());
        Assert.Equal(4, brokers.Select(b => b.Port).Distinct().Count());
        await Task.WhenAll(brokers.Select(b => b.DisposeAsync().AsTask()));
    }

    /// <summary>Alone in its collection: it counts what the whole process has.</summary>
    [Theory]
    [InlineData(EmbeddedTransport.System)]
    [InlineData(EmbeddedTransport.Portable)]
    public async Task FiftyBrokers_AfterOneAnother_LeaveNothingBehind(EmbeddedTransport transport)
    {
        // One for all: each holds a timer until its time has come.
        CancellationToken cancel = Broker.Patience;
        for (int i = 0; i < 5; i++) await LiveAsync(transport, i, cancel);
        Counts before = Counts.Take();
        for (int i = 0; i < Rounds; i++) await LiveAsync(transport, i, cancel);
        Counts after = Counts.Take();
        for (int tries = 0; tries < 200 && !after.IsLevelWith(before); tries++)
        {
            // Threads of the pool end in their own time.
            await Task.Delay(100, Cancel);
            after = Counts.Take();
        }

        output.WriteLine($"before {before}, after {Rounds} more {after}");
        Assert.True(after.IsLevelWith(before), $"before {before}, after {after}");
    }

    /// <summary>Every second one is killed, so that its machines are left in the middle of their work.</summary>
    private static async Task LiveAsync(EmbeddedTransport transport, int round, CancellationToken cancel)
    {
        EmbeddedBroker broker = await EmbeddedBroker.StartAsync(
            new() { Transport = transport, Topics = [new NewTopic("t", 2, 1)] }, cancel);
        await using (broker)
        {
            await using MoldauClient client = broker.CreateClient();
            await Broker.SendAsync(client, "t", 0, 50, cancel);
            await Broker.ReadAsync(client, "t", 20, "g", cancel);
            if (round % 2 == 0) await broker.KillAsync();
            else await broker.StopAsync();
        }
    }

    /// <param name="Threads">Of the process, but not those of the thread pool, which come and go.</param>
    /// <param name="Handles">Open descriptors, but those of libraries.</param>
    /// <param name="ManagedKiB">After a full collection.</param>
    /// <param name="PrivateKiB">Of the process: printed, as the system keeps what it was given.</param>
    private sealed record Counts(int Threads, int Handles, long ManagedKiB, long PrivateKiB)
    {
        public static Counts Take()
        {
            for (int i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            using Process self = Process.GetCurrentProcess();
            int handles = Directory.Exists("/proc/self/fd") ? Directory.GetFiles("/proc/self/fd").Count(IsNoLibrary) : self.HandleCount;
            return new(
                self.Threads.Count - ThreadPool.ThreadCount, handles, GC.GetTotalMemory(forceFullCollection: true) >> 10,
                self.PrivateMemorySize64 >> 10);
        }

        // The runtime loads its libraries when it first needs them.
        private static bool IsNoLibrary(string descriptor) =>
            new FileInfo(descriptor).LinkTarget is { } target && !target.EndsWith(".dll", StringComparison.Ordinal);

        /// <summary>Fifty brokers that each left a thread, a descriptor or a buffer of 64 KiB behind would be far from
        /// it.</summary>
        public bool IsLevelWith(Counts before) =>
            Threads <= before.Threads + 5 && Handles <= before.Handles + 5 && ManagedKiB <= before.ManagedKiB + (Rounds * 8);
    }
}
