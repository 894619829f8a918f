using System.Globalization;
using Moldau.Base;
using Moldau.Client;
using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>One of two log directories is on a small file system, which fills up. With a reserve its partitions refuse records
/// before it is full; they can be read, the other directory goes on, topics are made and deleted, and once there is room the
/// refused records are taken. Without a reserve a write fails: the directory is out of service until a restart, as in Apache
/// Kafka, and the other one goes on.</summary>
internal sealed class FullKind : FaultKind
{
    private const int MebiBytes = 24;
    private const int MebiByte = 1 << 20;
    private const int Reserve = 4 * MebiByte;
    private const int RefusedWorker = 90;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private long _refusals;

    public override string Name => "full";

    public override int Rounds => 12;

    public override int QuickRounds => 1;

    public override int RoundsOfAWorld => 3;

    public override string? WhyMissing => Environment.IsPrivilegedProcess ? null : "a file system can be mounted by root only";

    public override async Task RunAsync(RoundContext context)
    {
        using var scratch = context.Scratch();
        using var volume = Volume.InMemory(scratch["b"], MebiBytes);
        var hasReserve = context.Seed % 3 != 0;
        Dictionary<string, string> properties = new()
        {
            ["moldau.acknowledge"] = context.Seed % 2 == 0 ? "page-cache" : "fsync",
            ["moldau.disk.reserve.bytes"] = $"{(hasReserve ? Reserve : 0)}",
        };
        await using World world = new(
            context.Tally, scratch, [scratch["a"], Path.Combine(volume.Folder, "logs")],
            new LoadOptions { Seed = context.Seed }, properties);
        try
        {
            await world.BeginAsync();
            for (var round = 0; round < context.Rounds; round++)
            {
                context.Begin(round);
                await FillAsync(context, world, volume, hasReserve);
            }

            await world.EndAsync();
        }
        finally
        {
            world.Node.Process.Kill();
            world.Node.Process.WaitForEnd(TimeSpan.FromSeconds(30));
        }
    }

    private async Task FillAsync(RoundContext context, World world, Volume volume, bool hasReserve)
    {
        var (others, small) = world.PartitionsByDirectory();
        var ballast = Path.Combine(volume.Folder, "ballast");
        // The node fills up what is left, or somebody else has taken it from one moment to the next.
        var room = context.Random.Next(MebiByte / 4, 2 * MebiByte) + (hasReserve && context.Random.Next(2) == 0 ? Reserve : 0);
        if (volume.FreeBytes > room) await File.WriteAllBytesAsync(ballast, new byte[volume.FreeBytes - room]);
        if (!await AwaitSilenceAsync(world, small))
        {
            context.Findings.Add("the small file system does not fill up");
            throw new RoundFailedException();
        }

        if (world.Node.Process.HasExited)
        {
            context.Findings.Add($"one of two directories is full, and the node ended: {world.Node.Process.WaitForEnd(_patience)}");
            throw new RoundFailedException();
        }

        await world.AwaitProgressAsync("beside the full directory", others);
        var deleted = world.Ledger.DeletedTopics;
        if (!await World.WaitAsync(() => world.Ledger.DeletedTopics > deleted, _patience))
            context.Findings.Add("no topic can be deleted while one directory is full");
        if (hasReserve) await OnlineCheck.ReadAllAsync(world.Node.Bootstrap, world.Ledger, context.Findings, "while the directory is full");
        var refusal = await RefusalAsync(world, small[0]);
        context.Tally.Count($"{(hasReserve ? "with a" : "without")} reserve a send to the full directory is told {refusal}");
        File.Delete(ballast);
        var before = small.ToDictionary(p => p, p => world.Ledger[p].AckCount);
        if (hasReserve && await World.WaitAsync(() => before.All(p => world.Ledger[p.Key].AckCount > p.Value), _patience)) return;
        if (hasReserve) context.Findings.Add($"there is room again, and nothing is taken: {world.Errors}");
        world.Node.Stop();
        await world.RestartAsync();
    }

    /// <summary>The first two seconds in which none of the partitions acknowledges anything.</summary>
    private static async Task<bool> AwaitSilenceAsync(World world, IReadOnlyList<TopicPartition> partitions)
    {
        for (var i = 0; i < 40; i++)
        {
            var before = partitions.Sum(p => world.Ledger[p].AckCount);
            await Task.Delay(2000);
            if (partitions.Sum(p => world.Ledger[p].AckCount) == before) return true;
        }

        return false;
    }

    /// <summary>What a producer is told that does not go on trying for long.</summary>
    private async Task<string> RefusalAsync(World world, TopicPartition partition)
    {
        await using MoldauClient client = new(world.Node.Bootstrap);
        await using var producer = client.CreateProducer(new ProducerOptions
        {
            IsIdempotent = false,
            Retries = 0,
            DeliveryTimeout = Duration.FromSeconds(10),
        });
        var sequence = ++_refusals;
        var id = Payload.IdOf(RefusedWorker, sequence);
        world.Ledger.Sent(partition, id);
        try
        {
            var value = Payload.Make(RefusedWorker, sequence);
            var written = await producer.SendAsync(partition.Topic, new RawRecord(null, value) { Partition = partition.Partition });
            world.Ledger.Acked(partition, written.Offset, id);
            return "that it is written";
        }
        catch (MoldauException error)
        {
            return error.ErrorName;
        }
    }
}
