using System.Globalization;
using Moldau.Base;

namespace Moldau.Records.Tests;

/// <summary>What Kafka 4.4's own classes wrote, read and refused: see Golden/README.md.</summary>
public sealed class GoldenTests
{
    /// <summary>Kafka keeps these records in compressed batches, and no consumer can read them again.</summary>
    private static readonly string[] RefusedByUsOnly = ["length too small ", "length too large "];

    /// <summary>Kafka answers an internal error to a record whose length is an overlong varint, where any other wrong
    /// record is invalid; and it reads on behind the first member of gzip.</summary>
    private static readonly string[] OtherCode = ["overlong varint none", "stream twice gzip"];

    /// <summary>Kafka keeps the offsets of an uncompressed batch as they come, we write it again.</summary>
    private static readonly string[] OtherBytes = ["offsets out of order none"];

    [Theory]
    [InlineData(CodecImplementation.Managed)]
    [InlineData(CodecImplementation.NativeIfPresent)]
    public void Batches_AreReadAsKafkaReadsThem(CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        int count = 0;
        foreach (string[] line in Lines("batches.tsv"))
        {
            string text = BatchText.Of(Convert.FromBase64String(line[1]), codecs);
            Assert.True($"{line[2]}\t{line[3]}" == text, $"{line[0]}\nexpected {line[2]}\t{line[3]}\nactual   {text}");
            count++;
        }

        Assert.True(count > 70);
    }

    [Theory]
    [InlineData(CodecImplementation.Managed)]
    [InlineData(CodecImplementation.NativeIfPresent)]
    public void Validation_AnswersAsKafkaDoes_AndStoresTheSame(CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        using BatchValidator validator = new(codecs);
        List<string> differences = [];
        int count = 0;
        foreach (string[] line in Lines("validation.tsv"))
        {
            string? difference = Compare(line, validator, codecs);
            if (difference is not null) differences.Add($"{line[0]}: {difference}");
            count++;
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(count > 350);
    }

    internal static IEnumerable<string[]> Lines(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", file)).Select(static line => line.Split('\t'));

    private static string? Compare(string[] line, BatchValidator validator, RecordCodecs codecs)
    {
        byte[] bytes = Convert.FromBase64String(line[1]);
        Settings settings = Settings.Parse(line[2]);
        ValidationResult result = validator.Validate(bytes, settings.Rules, settings.Context);
        RecordError expected = (RecordError)short.Parse(line[3], CultureInfo.InvariantCulture);
        bool isRefused = result.Error is RecordError.InvalidRecord or RecordError.UnknownServerError;
        if (OtherCode.Contains(line[0])) return isRefused ? null : $"{result.Error}";
        if (expected == RecordError.None && RefusedByUsOnly.Any(line[0].StartsWith))
            return result.Error == RecordError.InvalidRecord ? null : $"{result.Error} and not refused";
        if (result.Error != expected) return $"{result.Error} ({result.Message}) and not {expected} ({line[4]})";
        string refused = string.Join(',', (result.RefusedRecords ?? []).Select(static r => r.BatchIndex));
        if (refused != line[5]) return $"refused records {refused} and not {line[5]}";
        if (!result.IsAccepted) return null;
        if (result.MaxTimestamp != Int64(line[7])) return $"max {result.MaxTimestamp}";
        if (result.LogAppendTimestamp != Int64(line[8])) return "log append time";
        Span<byte> batch = result.NeedsRewrite ? result.Rewritten.Span : bytes.AsSpan(0, result.SizeInBytes);
        BatchValidator.AssignOffsets(batch, 0, 5);
        if (OtherBytes.Contains(line[0])) return null;
        string seen = $"{line[10]}\t{line[11]}";
        string text = BatchText.Of(batch, codecs);
        if (text != seen) return $"\nexpected {seen}\nactual   {text}";
        bool isExact = !result.NeedsRewrite || settings.Rules.TargetCodec == CompressionCodec.None;
        return isExact && !batch.SequenceEqual(Convert.FromBase64String(line[9])) ? "other bytes" : null;
    }

    private static long Int64(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Settings(AppendRules Rules, AppendContext Context)
    {
        private const long Now = 1_700_000_000_000;

        public static Settings Parse(string text)
        {
            string[] parts = text.Length == 0 ? [] : text.Split(';');
            AppendRules rules = ValidatorTests.Rules;
            AppendContext context = new(Now);
            for (int i = 0; i < parts.Length; i += 2)
            {
                string value = parts[i + 1];
                switch (parts[i])
                {
                    case "origin":
                        context = context with { Origin = Enum.Parse<AppendOrigin>(value, ignoreCase: true) };
                        break;
                    case "version":
                        context = context with { ProduceVersion = short.Parse(value, CultureInfo.InvariantCulture) };
                        break;
                    default:
                        rules = With(rules, parts[i], value);
                        break;
                }
            }

            return new Settings(rules, context);
        }

        private static AppendRules With(AppendRules rules, string name, string value) => name switch
        {
            "max.message.bytes" => rules with { MaxMessageBytes = int.Parse(value, CultureInfo.InvariantCulture) },
            "max.decompressed.message.bytes" =>
                rules with { MaxDecompressedMessageBytes = int.Parse(value, CultureInfo.InvariantCulture) },
            "message.timestamp.type" => rules with { TimestampType = Enum.Parse<TimestampType>(value) },
            "message.timestamp.before.max.ms" =>
                rules with { TimestampBeforeMaxMs = long.Parse(value, CultureInfo.InvariantCulture) },
            "message.timestamp.after.max.ms" =>
                rules with { TimestampAfterMaxMs = long.Parse(value, CultureInfo.InvariantCulture) },
            "cleanup.policy" => rules with { IsCompacted = value.Contains("compact", StringComparison.Ordinal) },
            "compression.type" => rules with
            {
                TargetCodec = value == "uncompressed"
                    ? CompressionCodec.None
                    : Enum.Parse<CompressionCodec>(value, ignoreCase: true),
            },
            _ => throw new InvalidDataException(name),
        };
    }
}
