using System.Buffers;
using System.Text;
using Moldau.Base;
using Moldau.Cli;
using Moldau.Cli.Records;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Fuzz;

/// <summary>The format language of produce and consume, with random records. A format, a zero byte, and a record batch to be
/// printed or text to be read.</summary>
internal sealed class FormatTarget : FuzzTarget
{
    private const int LargestOutput = 64 << 10;

    private readonly RecordCodecs _codecs = new();
    private readonly ClientFrame _frame = ClientFrame.Rent(1);

    public override string Name => "format";

    public override string Summary => "the CLI's format language: parse-write-parse is a fixed point, printing any record and reading any text never throws";

    public override int QuickIterations => 60_000;

    /// <summary>Every record is printed by each printer.</summary>
    public override long AllocationSlack => 8 << 20;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        string[] formats =
        [
            "%k %v\\n", "%t[%p]@%o %d{iso} %h{%k=%v;} %e\\n", "%k{hex}:%v{base64}\\x00", "%d{strftime[%Y-%m-%d %H:%M:%S.%L %j %b %a %s]}", "%h{name}%%",
            "%p,%d,%k,%v\\n", "%h{a}|%v\\r\\t\\0\\\\", "é𝄞%v", "%v",
        ];
        byte[][] batches = [.. BatchSeeds.All(prng)];
        foreach (string format in formats)
        {
            yield return [.. Encoding.UTF8.GetBytes(format), 0, .. batches[prng.Next(batches.Length)]];
            yield return [.. Encoding.UTF8.GetBytes(format), 0, .. "3,17,key,value|00ff:AAE=\n"u8];
        }
    }

    public override byte[] Mutate(byte[] input, byte[] other, Mutator mutator)
    {
        byte[] changed = mutator.Mutate(input, other, MaxBytes);
        int zero = Array.IndexOf(changed, (byte)0);
        if (zero >= 0 && mutator.Prng.Next(3) > 0) BatchRepair.Repair(changed.AsSpan(zero + 1), alsoLength: true);
        return changed;
    }

    public override void Run(byte[] input)
    {
        int zero = Array.IndexOf(input, (byte)0);
        string format = Encoding.UTF8.GetString(zero < 0 ? input : input[..zero]);
        byte[] rest = zero < 0 ? [] : input[(zero + 1)..];
        RoundTrip(format);
        List<IRecordPrinter> printers = [new JsonPrinter(), new PrettyPrinter(false)];
        if (Try(() => new PercentPrinter(format)) is { } printer) printers.Add(printer);
        foreach (IRecordPrinter each in printers) Print(each, rest);
        if (Try(() => new Cli.Records.RecordParser(format)) is { } parser) Try(() => (object)parser.Parse(rest));
    }

    private void Print(IRecordPrinter printer, byte[] batch)
    {
        PartitionCursor cursor = new(new TopicPartition("alpha", 3));
        FetchedChunk chunk = new(cursor, _frame, 0, 0, 0, []);
        using RecordCursor records = new(_codecs, LargestOutput);
        records.Open(batch);
        ArrayBufferWriter<byte> output = new();
        while (records.MoveNext(out RecordMemory record) && output.WrittenCount < LargestOutput)
            printer.Print(new ConsumedRecord<ReadOnlyMemory<byte>,
                ReadOnlyMemory<byte>>(chunk, record, 1, record.Key ?? default, record.Value ?? default), output);
    }

    private static void RoundTrip(string format)
    {
        if (Try(() => PercentFormat.Parse(format, PercentPrinter.Fields)) is not { } parts) return;
        StringBuilder text = new();
        foreach (FormatPart part in parts)
        {
            if (!part.IsLiteral) text.Append('%').Append(part.Field).Append(part.Argument is null ? "" : "{" + part.Argument + "}");
            foreach (byte b in part.Literal) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{b:x2}");
        }

        IReadOnlyList<FormatPart> again = PercentFormat.Parse(text.ToString(), PercentPrinter.Fields);
        Must(again.Count == parts.Count, "written and read again it is another format");
        for (int i = 0; i < parts.Count; i++)
            Must(parts[i].Field == again[i].Field && parts[i].Argument == again[i].Argument
                && parts[i].Literal.AsSpan().SequenceEqual(again[i].Literal),
                "written and read again it is another part");
    }

    /// <summary>Null where it is refused with a sentence.</summary>
    private static T? Try<T>(Func<T> action)
        where T : class
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is CommandException or FormatException)
        {
            Must(e.Message.Length > 0, "a refusal without a reason");
            return null;
        }
    }
}
