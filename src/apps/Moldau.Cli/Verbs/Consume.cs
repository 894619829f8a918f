using System.Buffers;
using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Cli.Records;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class Consume
{
    /// <summary>So many records are read on the thread that prints them.</summary>
    public const int MostOfShort = 1000;

    public static readonly Command Command = new("consume", "TOPIC…", "read records and print them", RunAsync)
    {
        MinOperands = 1,
        Options =
        [
            new("--offset", "-o", "WHERE", "where to begin: " + ConsumeStart.Help + " (start); WHERE:WHERE ends there"),
            new("--format", "-f", "FORMAT", "json, pretty, or a percent format (json; pretty on a terminal)"),
            new("--count", "-n", "N", "stop after so many records"),
            new("--until", null, "end", "stop at what is the end now"),
            new("--group", "-g", "GROUP", "as a member of the group, which remembers how far it came"),
            new("--partition", "-p", "N", "only this partition; may be repeated"),
            new("--raw", null, null, "the bytes of the values and nothing else"),
            new("--kcat", null, null, "the format is one of kcat's: %s value, %S its length, %k, %K, %t, %p, %o, %T, %h"),
        ],
        Details = """
            %k key, %v value, %t topic, %p partition, %o offset, %e leader epoch, %d milliseconds since 1970,
            %d{iso}, %d{strftime[%F %T]}, %h all headers, %h{NAME} one of them, %h{%k=%v;} each by a format of its own,
            %K and %V the lengths of key and value in bytes (-1 where there is none), %V{big32} as four bytes, %H the number of headers,
            %k{hex}, %v{base64}, %% a percent sign; \n \t \r \0 \\ \xHH are bytes.
            json is one object a line; bytes that are no text are in keyBase64 and valueBase64.
            -o @2026-08-01:@2026-08-02 reads a day, -o 100:200 the offsets from 100 to 199, -o -10:end what is there now.
            With a group, -o counts only where the group has no offset yet, and is start or end.
            """,
        Example = @"moldau consume orders -o -10 --until end -f '%o %k %v\n'",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        CommandLineArguments arguments = context.Arguments;
        IRecordPrinter printer = Printer(context);
        (string start, string? stop) = ConsumeStart.Split(arguments.Value("--offset") is { Length: > 0 } given ? given : "start");
        string? group = arguments.Value("--group") ?? context.Properties.GroupId;
        if (group is not null && (stop ?? start) is not ("start" or "end"))
            throw new CommandException("with a group, -o is start or end; 'moldau group seek' moves a group", ExitCodes.Usage);
        if (group is not null && arguments.Has("--partition"))
            throw new CommandException("with a group, the group says which partitions are read; leave -p or -g out", ExitCodes.Usage);
        if (arguments.Value("--until") is { } until and not "end")
            throw new CommandException($"'--until {until}': it is end", ExitCodes.Usage);
        int? count = arguments.Number("--count", 0);

        // A few records are asked for; a stream, a group's heartbeats or the look for the end want threads of their own.
        bool isShort = count <= MostOfShort && group is null && stop is null && !arguments.Has("--until");
        MoldauClient client = await (isShort ? context.AskingAsync() : context.ConnectAsync()).ConfigureAwait(false);
        List<TopicInfo> topics = await Topics.RequireAsync(context, client.Admin, arguments.Operands).ConfigureAwait(false);
        List<TopicPartition> partitions = PartitionOption.Choose(context, topics);
        if (arguments.Has("--until")) stop ??= "end";
        Dictionary<TopicPartition, long>? ends = stop is null
            ? null
            : await ConsumeStart.EndsAsync(context, client.Admin, stop, partitions).ConfigureAwait(false);
        ConsumerOptions options = context.Properties.Consumer(group, start == "end" ? OffsetReset.Latest : OffsetReset.Earliest);
        var consumer = client.CreateConsumer(Serde.Bytes, Serde.Bytes, options);
        await using (consumer.ConfigureAwait(false))
        {
            if (group is null)
            {
                // From the start the consumer finds its way alone.
                Dictionary<TopicPartition, long>? offsets = start == "start" && options.OffsetReset == OffsetReset.Earliest
                    ? null
                    : await ConsumeStart.ResolveAsync(context, client.Admin, start, partitions).ConfigureAwait(false);
                consumer.Assign(partitions);
                if (offsets is not null)
                    foreach ((TopicPartition partition, long offset) in offsets) consumer.Seek(partition, offset);
            }
            else
            {
                consumer.Subscribe(arguments.Operands);
            }

            ConsumeRun run = new(consumer, printer, count ?? long.MaxValue, ends);
            bool wasInterrupted = await run.RunAsync(context.Cancel).ConfigureAwait(false);
            string read = $"moldau: {Words.Count(run.Printed, "record")}";
            if (!wasInterrupted)
            {
                context.Say(read);
                return ExitCodes.Ok;
            }

            string committed = group is null || !options.EnableAutoCommit
                ? ""
                : await CommitAsync(consumer, group, context.Timeout).ConfigureAwait(false);
            context.Say($"{read}, interrupted{committed} (exit code {ExitCodes.Interrupted})");
            return ExitCodes.Interrupted;
        }
    }

    /// <summary>Whoever interrupts is told from where the group goes on. Closing the consumer would commit as well, but not say
    /// what came of it.</summary>
    private static async Task<string> CommitAsync(
        Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, string group, TimeSpan patience)
    {
        using CancellationTokenSource limit = new(patience);
        try
        {
            await consumer.CommitAsync(limit.Token).ConfigureAwait(false);
            return $"; the offsets of group '{group}' are committed";
        }
        catch (MoldauException error)
        {
            return $"; the offsets of group '{group}' are not committed: {ErrorText.Of(error)}";
        }
        catch (OperationCanceledException)
        {
            return $"; the offsets of group '{group}' are not committed: no answer in time";
        }
    }

    private static IRecordPrinter Printer(CommandContext context) => context.Arguments.Value("--format") switch
    {
        null when context.Arguments.Has("--raw") => new PercentPrinter("%v"),
        { } format when context.Arguments.Has("--kcat") => KcatFormat.Printer(format),
        null when context.Arguments.Has("--kcat") => throw new CommandException("--kcat says how -f is read; give -f too", ExitCodes.Usage),
        not null when context.Arguments.Has("--raw") => throw new CommandException("--raw is a format of its own; leave -f out", ExitCodes.Usage),
        null when Console.IsOutputRedirected => new JsonPrinter(),
        null or "pretty" => new PrettyPrinter(context.HasColour),
        "json" => new JsonPrinter(),
        { } format => new PercentPrinter(format),
    };
}

/// <summary>Reads until there is enough, the end, or Ctrl+C.</summary>
internal sealed class ConsumeRun(
    Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer,
    IRecordPrinter printer,
    long count,
    Dictionary<TopicPartition, long>? ends)
{
    /// <summary>How often it is looked whether the end is reached where no records come.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly ArrayBufferWriter<byte> _buffer = new(64 << 10);

    /// <summary>Behind what was read, control records included.</summary>
    private readonly Dictionary<TopicPartition, long> _read = [];

    public long Printed { get; private set; }

    /// <summary>True where the token ended it.</summary>
    public async Task<bool> RunAsync(CancellationToken cancel)
    {
        if (count == 0) return false;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Stream output = StandardOutput.Open();
        var batches = consumer.ReadBatchesAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        try
        {
            while (!IsAtEnd())
            {
                Task<bool> next = batches.MoveNextAsync().AsTask();
                while (ends is not null && !next.IsCompleted && !IsAtEnd())
                    await Task.WhenAny(next, Task.Delay(Look, cancel)).ConfigureAwait(false);
                if (ends is not null && !next.IsCompleted) await stop.CancelAsync().ConfigureAwait(false);
                await next.ConfigureAwait(false);
                bool isEnough = Print(batches.Current);
                // What is asynchronous would be written by another thread, which has to start first.
                output.Write(_buffer.WrittenSpan);
                _buffer.ResetWrittenCount();
                if (isEnough) return false;
            }

            return false;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return cancel.IsCancellationRequested;
        }
        finally
        {
            await batches.DisposeAsync().ConfigureAwait(false);
            output.Flush();
        }
    }

    private bool Print(ConsumedBatch<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> batch)
    {
        long end = ends is null ? long.MaxValue : ends.GetValueOrDefault(batch.TopicPartition);
        foreach (var record in batch)
        {
            // What came after the start of the command is for the next one.
            if (record.Offset >= end) break;
            printer.Print(record, _buffer);
            record.Done();
            if (++Printed >= count) return true;
        }

        _read[batch.TopicPartition] = batch.NextOffset;
        return false;
    }

    private bool IsAtEnd()
    {
        if (ends is null) return false;
        IReadOnlyList<TopicPartition> assigned = consumer.Assignment;
        return assigned.Count > 0 && assigned.All(p =>
            Math.Max(consumer.Position(p) ?? -1, _read.GetValueOrDefault(p, -1)) >= ends.GetValueOrDefault(p));
    }
}
