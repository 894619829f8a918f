using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;

namespace Moldau.Protocol.Tests;

/// <summary>Damaged messages: whatever comes in, reading ends without an exception and within its memory, and what was
/// read can be written. MOLDAU_FUZZ_SECONDS makes a long run of it, over all messages together.</summary>
public sealed class FuzzTests
{
    private const int ShortRounds = 300;

    /// <summary>The message object itself and what the test asks for.</summary>
    private const int FixedCost = 4096;

    public static TheoryData<string> MessageNames => new(Messages.All.Select(m => m.Name));

    [Theory]
    [MemberData(nameof(MessageNames))]
    public void DamagedBytes_NeitherThrowNorTakeMemory(string name)
    {
        GoldenEntry[] corpus = [.. GoldenFile.Entries[name]];
        double seconds = LongSeconds() / Messages.All.Length;
        long end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        int seed = 0;
        for (int round = 0; round < ShortRounds || Stopwatch.GetTimestamp() < end; round++)
        {
            // A seed of its own for each round, so that a failure is replayed by its number.
            var random = new Random(seed++);
            GoldenEntry entry = corpus[random.Next(corpus.Length)];
            Check(entry, Mutator.Damage(entry.Bytes, corpus, random), round);
        }
    }

    [Fact]
    public void ManyTinyElements_AreStoppedByTheBudget()
    {
        byte[] bytes = new byte[1_000_000];
        var writer = new KafkaWriter(bytes);
        writer.WriteArrayLength(999_000, flexible: true);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var reader = new KafkaReader(bytes);
        MetadataRequest.Read(ref reader, 9);
        Assert.True(reader.Failed);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Limit(bytes.Length));
    }

    /// <summary>A valid beginning, then a flood of the smallest possible elements.</summary>
    [Theory]
    [MemberData(nameof(MessageNames))]
    public void FloodOfSmallElements_StaysWithinTheBudget(string name)
    {
        var random = new Random(1);
        GoldenEntry[] corpus = [.. GoldenFile.Entries[name].Where(e => e.Bytes.Length > 0)];
        for (int i = 0; corpus.Length > 0 && i < 60; i++)
        {
            GoldenEntry entry = corpus[random.Next(corpus.Length)];
            byte[] bytes = new byte[random.Next(100_000, 400_000)];
            int start = random.Next(Math.Min(entry.Bytes.Length, 60) + 1);
            byte fill = (byte)random.Next(3);
            bytes.AsSpan().Fill(fill);
            entry.Bytes.AsSpan(0, start).CopyTo(bytes);
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(start), random.Next(2) == 0 ? 90_000u : 0x80D0_0501u);
            long before = GC.GetAllocatedBytesForCurrentThread();
            var reader = new KafkaReader(bytes);
            Messages.Read(name, entry.Version, ref reader);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= Limit(bytes.Length),
                $"{entry} cut at {start}, filled with {fill}: {allocated} for {bytes.Length}");
        }
    }

    [Theory]
    [InlineData("ProduceRequest")]
    [InlineData("FetchRequest")]
    public void Views_AcceptExactlyWhatTheClassesAccept(string name)
    {
        GoldenEntry[] corpus = [.. GoldenFile.Entries[name]];
        for (int seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            GoldenEntry entry = corpus[random.Next(corpus.Length)];
            byte[] bytes = Mutator.Damage(entry.Bytes, corpus, random);
            var reader = new KafkaReader(bytes, allocationFactor: 1000);
            Messages.Read(name, entry.Version, ref reader);
            bool accepted = name == "FetchRequest"
                ? FetchRequestView.TryRead(bytes, 0, entry.Version, out _)
                : ProduceRequestView.TryRead(bytes, 0, entry.Version, out _);
            Assert.True(accepted == !reader.Failed, $"{entry}, seed {seed}: view {accepted}, class {!reader.Failed}");
        }
    }

    private static void Check(GoldenEntry entry, byte[] bytes, int round)
    {
        string at = $"{entry}, round {round}: {Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 300)))}";
        IMessage? message = null;
        bool failed = true;
        long allocated = 0;
        try
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var reader = new KafkaReader(bytes);
            message = Messages.Read(entry.Name, entry.Version, ref reader);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            failed = reader.Failed;
        }
        catch (Exception e)
        {
            Assert.Fail($"{at}: {e}");
        }

        Assert.True(allocated <= Limit(bytes.Length), $"{at}: {allocated} bytes allocated for {bytes.Length}");
        if (!failed) RoundTrip(entry, message!, at);
    }

    /// <summary>What was read from damaged bytes is a message like any other.</summary>
    private static void RoundTrip(GoldenEntry entry, IMessage message, string at)
    {
        byte[] written = KafkaWriter.ToArray(message, entry.Version);
        var reader = new KafkaReader(written, allocationFactor: 1000);
        IMessage? again = Messages.Read(entry.Name, entry.Version, ref reader);
        Assert.True(reader.IsComplete, $"{at}: what was written cannot be read");
        Assert.True(DeepEquality.Difference(message, again) is null,
            $"{at}: {DeepEquality.Difference(message, again)}");
    }

    private static long Limit(int length) =>
        ((long)length * KafkaReader.DefaultAllocationFactor) + KafkaReader.AllocationSlack + FixedCost;

    private static double LongSeconds() =>
        double.TryParse(Environment.GetEnvironmentVariable("MOLDAU_FUZZ_SECONDS"), CultureInfo.InvariantCulture,
            out double seconds)
            ? seconds : 0;
}

/// <summary>Damages messages where it hurts: lengths, counts, tags, ends.</summary>
internal static class Mutator
{
    private static readonly int[] Numbers =
        [-1, 0, 1, -2, 127, 128, 0x7FFF, 0x8000, 0xFFFF, 1_000_000, 1_000_001, int.MaxValue, int.MinValue];

    public static byte[] Damage(byte[] bytes, GoldenEntry[] corpus, Random random)
    {
        var data = new List<byte>(bytes);
        for (int i = random.Next(1, 5); i > 0; i--) Once(data, corpus, random);
        return [.. data];
    }

    private static void Once(List<byte> data, GoldenEntry[] corpus, Random random)
    {
        int at = data.Count == 0 ? 0 : random.Next(data.Count);
        switch (random.Next(8))
        {
            case 0 when data.Count > 0:
                data[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when data.Count > 0:
                data[at] = (byte)random.Next(256);
                break;
            case 2 when data.Count > 0:
                data.RemoveRange(at, Math.Min(random.Next(1, 9), data.Count - at));
                break;
            case 3:
                data.RemoveRange(at, data.Count - at);
                break;
            case 4:
                Overwrite(data, at, Number(random));
                break;
            case 5:
                data.InsertRange(at, Varint(random));
                break;
            case 6:
                data.InsertRange(at, new byte[random.Next(1, 3000)]);
                break;
            default:
                byte[] other = corpus[random.Next(corpus.Length)].Bytes;
                data.RemoveRange(at, data.Count - at);
                data.AddRange(other[random.Next(other.Length + 1)..]);
                break;
        }
    }

    private static void Overwrite(List<byte> data, int at, byte[] bytes)
    {
        for (int i = 0; i < bytes.Length && at + i < data.Count; i++) data[at + i] = bytes[i];
    }

    private static byte[] Number(Random random)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, Numbers[random.Next(Numbers.Length)]);
        return random.Next(2) == 0 ? bytes : bytes[2..];
    }

    private static byte[] Varint(Random random)
    {
        byte[] bytes = new byte[5];
        return bytes[..Base.Varint.WriteUnsigned(bytes, (uint)Numbers[random.Next(Numbers.Length)])];
    }
}
