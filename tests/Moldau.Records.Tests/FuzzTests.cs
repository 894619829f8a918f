using System.Diagnostics;
using System.Globalization;
using Moldau.Base;

namespace Moldau.Records.Tests;

/// <summary>Mutated inputs: no exception, no endless loop, no memory beyond what the input can justify.
/// MOLDAU_FUZZ_SECONDS sets the time for each target; a failure names the seed.</summary>
public sealed class FuzzTests
{
    private const int LargestOutput = 1 << 20;

    private static readonly double Seconds = double.Parse(
        Environment.GetEnvironmentVariable("MOLDAU_FUZZ_SECONDS") ?? "1", CultureInfo.InvariantCulture);

    public static TheoryData<CompressionCodec, CodecImplementation> Implementations => CodecTests.Implementations;

    [Theory]
    [MemberData(nameof(Implementations))]
    public void Decoder_OfMutatedInput_EndsInOrder(CompressionCodec codec, CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        byte[][] shapes = [TestData.Text(3000), TestData.Mixed(20_000), TestData.Random(300), new byte[9000],
            TestData.Skewed(5000), []];
        byte[][] corpus = [.. shapes.Select(data => CodecTests.Encode(codecs, codec, data))];
        Run(corpus, input =>
        {
            DecodeStatus status = codecs.Decompress(codec, input, LargestOutput, out byte[]? rented, out int length);
            Assert.Equal(status == DecodeStatus.End, rented is not null);
            Assert.True(length <= LargestOutput || status == DecodeStatus.TooLarge);
            if (rented is not null) System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        });
    }

    [Fact]
    public void Zstd_BothDecoders_SeeTheSameInMutatedInput()
    {
        using RecordCodecs managed = new(CodecImplementation.Managed);
        using RecordCodecs native = new();
        byte[][] corpus = [.. ((byte[][])[TestData.Text(3000), TestData.Mixed(20_000), TestData.Skewed(5000)])
            .SelectMany(data => (byte[][])[CodecTests.Encode(managed, CompressionCodec.Zstd, data),
                CodecTests.Encode(native, CompressionCodec.Zstd, data, 19)])];
        Run(corpus, input =>
        {
            DecodeStatus ours = managed.Decompress(
                CompressionCodec.Zstd, input, LargestOutput, out byte[]? left, out int leftLength);
            DecodeStatus theirs = native.Decompress(
                CompressionCodec.Zstd, input, LargestOutput, out byte[]? right, out int rightLength);

            // The library is laxer about some streams that are no valid zstd; it never sees other bytes in a valid one.
            if (ours == DecodeStatus.End)
            {
                Assert.Equal(DecodeStatus.End, theirs);
                Assert.True(left.AsSpan(0, leftLength).SequenceEqual(right.AsSpan(0, rightLength)));
            }

            if (left is not null) System.Buffers.ArrayPool<byte>.Shared.Return(left);
            if (right is not null) System.Buffers.ArrayPool<byte>.Shared.Return(right);
        });
    }

    [Theory]
    [InlineData(CodecImplementation.Managed)]
    [InlineData(CodecImplementation.NativeIfPresent)]
    public void Records_OfMutatedBatches_EndInOrder(CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        byte[][] corpus = Corpus("batches.tsv");
        Run(corpus, input => ReadAll(input, codecs));
    }

    [Theory]
    [InlineData(CodecImplementation.Managed)]
    [InlineData(CodecImplementation.NativeIfPresent)]
    public void Validator_OfMutatedBatches_Answers(CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        using BatchValidator validator = new(codecs);
        byte[][] corpus = Corpus("validation.tsv");
        CompressionCodec?[] targets = [null, CompressionCodec.None, CompressionCodec.Lz4];
        int round = 0;
        Run(corpus, input =>
        {
            // A valid checksum lets the damage through to what lies behind it.
            if (input.Length > RecordBatchLayout.HeaderBytes && input[RecordBatchLayout.Magic] == 2)
                new MutableRecordBatch(input).UpdateCrc();
            AppendRules rules = ValidatorTests.Rules with
            {
                TargetCodec = targets[round++ % targets.Length],
                IsCompacted = round % 5 == 0,
                MaxDecompressedMessageBytes = LargestOutput,
                DecodeLimits = new DecodeLimits(LargestOutput, LargestOutput, 100),
            };
            ValidationResult result = validator.Validate(input, rules, new AppendContext(1_700_000_000_000));
            if (!result.IsAccepted) return;
            Span<byte> batch = result.NeedsRewrite ? result.Rewritten.Span : input.AsSpan(0, result.SizeInBytes);
            BatchValidator.AssignOffsets(batch, 1000, 1);

            // What was accepted can be read, and has as many records as it says.
            Assert.Equal(BatchReadStatus.Ok, RecordBatchView.TryRead(batch, out RecordBatchView view));
            Assert.True(view.IsCrcValid);
            using RecordEnumerator records = view.ReadRecords(codecs);
            int count = 0;
            while (records.MoveNext()) Assert.Equal(1000 + count++, records.Current.Offset);
            Assert.Equal(RecordReadStatus.Ok, records.Status);
            Assert.Equal(result.RecordCount, count);
        });
    }

    private static byte[][] Corpus(string file) =>
        [.. GoldenTests.Lines(file).Select(static line => Convert.FromBase64String(line[1]))];

    private static void ReadAll(byte[] input, RecordCodecs codecs)
    {
        RecordBatchEnumerator batches = new(input);
        long sum = 0;
        while (batches.MoveNext())
        {
            using RecordEnumerator records = batches.Current.ReadRecords(codecs, LargestOutput);
            while (records.MoveNext())
            {
                RecordView record = records.Current;
                sum += record.Key.Length + record.Value.Length + record.Offset;
                foreach (RecordHeaderView header in record.Headers) sum += header.Key.Length + header.Value.Length;
            }
        }

        GC.KeepAlive(sum);
    }

    private static void Run(byte[][] corpus, Action<byte[]> target)
    {
        ulong seed = 1;
        Stopwatch clock = Stopwatch.StartNew();
        foreach (byte[] input in corpus) target([.. input]);
        while (clock.Elapsed.TotalSeconds < Seconds)
        {
            Prng prng = new(++seed);
            byte[] input = Mutate([.. corpus[prng.Next(corpus.Length)]], corpus, prng);
            string given = input.Length < 10_000 ? Convert.ToBase64String(input) : "";
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            TimeSpan start = clock.Elapsed;
            try
            {
                target(input);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {given} {e}");
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.True(allocated <= 8 * input.Length + 4 * LargestOutput, $"seed {seed}: {allocated} bytes allocated");
            Assert.True((clock.Elapsed - start).TotalSeconds < 20, $"seed {seed}: {clock.Elapsed - start}");
        }
    }

    private static byte[] Mutate(byte[] input, byte[][] corpus, Prng prng)
    {
        for (int changes = 1 + prng.Next(4); changes > 0; changes--)
        {
            if (input.Length == 0) return [(byte)prng.Next(256)];
            int at = prng.Next(prng.Chance(0.5) ? Math.Min(input.Length, 80) : input.Length);
            switch (prng.Next(7))
            {
                case 0:
                    input[at] ^= (byte)(1 << prng.Next(8));
                    break;
                case 1:
                    input[at] = (byte)prng.Next(256);
                    break;
                case 2:
                    input[at] = prng.Chance(0.5) ? (byte)0xFF : (byte)0x7F;
                    break;
                case 3:
                    input = input[..at];
                    break;
                case 4:
                    int end = at + prng.Next(1 + Math.Min(64, input.Length - at));
                    input = [.. input[..end], .. input[at..]];
                    break;
                case 5:
                    input = [.. input[..at], .. input[(at + prng.Next(1 + Math.Min(16, input.Length - at)))..]];
                    break;
                default:
                    byte[] other = corpus[prng.Next(corpus.Length)];
                    input = [.. input[..at], .. other.AsSpan(prng.Next(other.Length + 1))];
                    break;
            }
        }

        return input;
    }
}
