using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.Records;
using Sent = Moldau.Client.Tests.Support.ProducerWorld.Sent;

namespace Moldau.Client.Tests.Producing;

/// <summary>Seeded trouble: refused batches, lost answers, broken links, moving leaders, timeouts. Whatever happens, a
/// partition's log holds records in the order in which they were given, none twice, and each acknowledged one.</summary>
public sealed class ProducerChaosTests
{
    private const int Partitions = 3;

    public static TheoryData<int> Blocks => [.. Enumerable.Range(0, 8)];

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Trouble_NeverDoublesLosesOrReorders(int block)
    {
        for (ulong seed = (ulong)block * 25; seed < (ulong)(block + 1) * 25; seed++) Run(seed);
    }

    private static void Run(ulong seed)
    {
        Prng prng = new(seed);
        ProducerOptions options = new()
        {
            Linger = Duration.FromMs(prng.Next(3)),
            BatchBytes = prng.Chance(0.5) ? 200 : 16384,
            Compression = prng.Chance(0.3) ? CompressionCodec.Lz4 : CompressionCodec.None,
            BufferBytes = prng.Chance(0.3) ? 2000 : 1 << 20,
            DeliveryTimeout = Duration.FromMs(prng.Chance(0.5) ? 3_000 : 120_000),
        };
        ProducerWorld world = new(options, seed, brokers: 2, tells: true);
        int[] leaders = [1, 2, 1];
        int epoch = 1;
        world.Brokers[0].Topic("t", leaders);
        double trouble = 0.3;
        world.Log.Refuse = (request, _, partition) =>
            leaders[partition] != request.Broker.Id ? ErrorCode.NotLeaderOrFollower
            : !prng.Chance(trouble / 3) ? null
            : prng.Chance(0.5) ? ErrorCode.NotEnoughReplicas
            : prng.Chance(0.8) ? ErrorCode.RequestTimedOut : ErrorCode.InvalidTimestamp;
        world.Log.ShouldAnswer = _ => !prng.Chance(trouble);
        List<(int Partition, Sent Sent)> sent = [];
        for (int i = 0; i < 150; i++)
        {
            int partition = prng.Next(Partitions);
            sent.Add((partition, world.Send(partition: partition)));
            if (prng.Chance(0.2)) world.Log.AnswerHeld();
            if (prng.Chance(0.08)) Break(world, prng);
            if (prng.Chance(0.05)) Move(world, leaders, prng.Next(Partitions), ++epoch);
            if (prng.Chance(0.3)) world.World.RunFor(prng.Next(200));
        }

        trouble = 0;
        world.Log.AnswerHeld();
        world.World.RunUntil(() => sent.All(s => s.Sent.IsDone), 400_000);
        Check(seed, world, sent);
    }

    private static void Check(ulong seed, ProducerWorld world, List<(int Partition, Sent Sent)> sent)
    {
        for (int p = 0; p < Partitions; p++)
        {
            string[] log = world.Log.Values("t", p);
            int[] numbers = [.. log.Select(int.Parse)];
            Assert.True(numbers.SequenceEqual(numbers.Order().Distinct()), $"seed {seed}, t-{p}: {string.Join(' ', log)}\n{Story(world)}");
            foreach ((int partition, Sent one) in sent)
            {
                if (partition != p || one.Error is not null) continue;
                Assert.True(log.Contains(one.Value), $"seed {seed}: {one.Value} was acknowledged and is not there");
                if (one.Offset >= 0) Assert.True(log[one.Offset] == one.Value, $"seed {seed}, t-{p}: {one.Value} is not at {one.Offset}\n{Story(world)}");
            }
        }

        // Answers of requests that were given up are still to come; their memory goes with them.
        world.World.RunFor(120_000);
        Assert.True(world.Part.Accumulator.Memory.Used == 0, $"seed {seed}: {world.Part.Accumulator.Memory.Used} bytes are held");
    }

    private static string Story(ProducerWorld world) => string.Join('\n', world.Log.Trace);

    private static void Break(ProducerWorld world, Prng prng)
    {
        ScriptedBroker broker = world.Brokers[prng.Next(world.Brokers.Length)];
        world.Log.Held.RemoveAll(h => h.Request.Broker == broker);
        world.Log.Trace.Add($"broker {broker.Id} breaks");
        broker.Break("reset");
    }

    private static void Move(ProducerWorld world, int[] leaders, int partition, int epoch)
    {
        leaders[partition] = 3 - leaders[partition];
        var topic = world.Brokers[0].Topic("t", leaders);
        foreach (var p in topic.Partitions) p.LeaderEpoch = epoch;
    }
}
