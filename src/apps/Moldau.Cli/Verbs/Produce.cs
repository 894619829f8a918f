using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Cli.Records;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Cli.Verbs;

internal static class Produce
{
    internal static readonly Column[] Columns =
    [
        new("topic"), Column.Number("partition"), Column.Number("records"), Column.Number("firstOffset"),
        Column.Number("lastOffset"),
    ];

    public static readonly Command Command = new("produce", "TOPIC [FILE…]", "write records, a line of standard input or of files each", RunAsync)
    {
        Columns = Columns,
        Writes = true,
        MinOperands = 1,
        Options =
        [
            new("--format", "-f", "FORMAT", @"json, or how records are cut out: %k key, %v value, %p, %d, %h{NAME} (%v\n)"),
            new("--key", "-k", "KEY", "the key of all records"),
            new("--header", "-H", "KEY=VALUE", "a header of all records; may be repeated"),
            new("--compression", "-z", "CODEC", "none|gzip|snappy|lz4|zstd"),
            new("--tombstone", null, null, "an empty value is a tombstone; with -k and without input: one tombstone"),
            new("--partition", "-p", "N", "the partition of all records"),
            new("--raw", null, null, "the whole input, or each file, is the value of one record"),
            new("--rate", null, "RATE", "so many records a second at most: 100, 1k/s, 30/m"),
            new("--repeat", null, "N", "all the input so many times"),
            new("--txn", null, null, "all of it in one transaction, or none; -X transactional.id and transaction.timeout.ms say more of it"),
        ],
        Details = @"%p is the partition, %d milliseconds since 1970, %h{source} the value of a header. Fields go as far as the text behind"
            + "\nthem; %k{hex} and %v{base64} are decoded. " + @"\n \t \r \0 \\ \xHH are bytes."
            + "\nA format without an end, such as '%v', takes a whole file for one record. A FILE of - is standard input."
            + "\njson is what 'moldau consume -f json' prints: objects with key, value, headers, partition, timestamp; a value that is"
            + "\nno text is written as the JSON that it is; keyBase64 and valueBase64 are bytes.",
        Example = @"echo 'o-1:paid' | moldau produce orders -f '%k:%v\n' -H source=shell",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        CommandLineArguments arguments = context.Arguments;
        string topic = arguments.Operands[0];
        Func<Stream, IRecordSource> open = Source(arguments);
        RecordMaker maker = new(arguments);
        ProduceInput input = new(open, [.. arguments.Operands.Skip(1)], Bench.Pace.Of(context, "--rate"), arguments.Number("--repeat", 1) ?? 1);
        ProducerOptions options = context.Properties.Producer(context.Timeout, arguments.Value("--compression"));
        if (arguments.Has("--txn")) options = options with { TransactionalId = options.TransactionalId ?? $"moldau-produce-{Guid.NewGuid():N}" };
        bool isTransaction = options.TransactionalId is not null;
        foreach (string file in arguments.Operands.Skip(1))
            if (file != "-" && !File.Exists(file)) throw new CommandException($"there is no file '{file}'", ExitCodes.NotFound);

        // A little is sent on this thread; a stream wants threads of its own.
        MoldauClient client = await context.AskingAsync().ConfigureAwait(false);
        bool isTombstone = maker.IsOneTombstone && arguments.Operands.Count == 1;
        bool isShort = !isTransaction && (isTombstone || input.IsShort(context.Cancel));
        if (!isShort) client = await context.ConnectAsync().ConfigureAwait(false);
        ProduceReport report = new(isShort);
        Producer producer = CreateProducer(client, options);
        await using (producer.ConfigureAwait(false))
        {
            Transaction? transaction = isTransaction ? await producer.BeginTransactionAsync(context.Cancel).ConfigureAwait(false) : null;
            string? trouble = isTombstone
                ? await SendOneAsync(producer, topic, maker, report).ConfigureAwait(false)
                : await input.SendAsync(record => report.SendAsync(producer, topic, maker.Make(record)), report, context.Cancel)
                    .ConfigureAwait(false);
            await report.EndAsync(producer).ConfigureAwait(false);
            if (transaction is not null) await EndAsync(transaction, report, trouble is not null).ConfigureAwait(false);
            return report.Finish(context, topic, trouble);
        }
    }

    /// <summary>All or none: one record that failed, or input that could not be read to its end, ends it.</summary>
    private static async Task EndAsync(Transaction transaction, ProduceReport report, bool isInputBroken)
    {
        report.IsAborted = isInputBroken || report.HasFailed || report.IsInterrupted;
        if (report.IsAborted) await transaction.AbortAsync().ConfigureAwait(false);
        else await transaction.CommitAsync().ConfigureAwait(false);
    }

    private static Producer CreateProducer(MoldauClient client, ProducerOptions options)
    {
        try
        {
            return client.CreateProducer(options);
        }
        catch (ArgumentException error)
        {
            throw new CommandException(error.Message, ExitCodes.Usage);
        }
    }

    private static async Task<string?> SendOneAsync(Producer producer, string topic, RecordMaker maker, ProduceReport report)
    {
        await report.SendAsync(producer, topic, maker.Tombstone()).ConfigureAwait(false);
        return null;
    }

    private static Func<Stream, IRecordSource> Source(CommandLineArguments arguments)
    {
        string? format = arguments.Value("--format");
        if (arguments.Has("--raw") && format is not null) throw new CommandException("--raw is a format of its own; leave -f out", ExitCodes.Usage);
        if (format == "json") return stream => new JsonSource(stream);
        RecordParser parser = new(arguments.Has("--raw") ? "%v" : format ?? @"%v\n");
        return stream => new TextSource(stream, parser);
    }
}

/// <summary>Makes records of what was read and what the options say.</summary>
internal sealed class RecordMaker
{
    private readonly byte[]? _key;
    private readonly bool _hasTombstones;
    private readonly int? _partition;
    private readonly RecordHeader[] _headers;

    public RecordMaker(CommandLineArguments arguments)
    {
        _key = arguments.Value("--key") is { } key ? System.Text.Encoding.UTF8.GetBytes(key) : null;
        _hasTombstones = arguments.Has("--tombstone");
        _partition = arguments.Number("--partition", 0);
        List<RecordHeader> headers = [];
        foreach (string header in arguments.Values("--header")) headers.Add(Header(header));
        _headers = [.. headers];
    }

    /// <summary>Nobody sits there to type values: the key alone is meant.</summary>
    public bool IsOneTombstone => _hasTombstones && _key is not null;

    public RawRecord Tombstone() => new(Optional(_key), null) { Headers = _headers, Partition = _partition };

    public RawRecord Make(ParsedRecord read)
    {
        byte[] value = read.Value ?? [];
        bool isTombstone = read.IsTombstone || (_hasTombstones && value.Length == 0);
        return new RawRecord(Optional(read.HasKey ? read.Key : _key), Optional(isTombstone ? null : value))
        {
            Headers = read.Headers is { } own ? [.. _headers, .. own] : _headers,
            Partition = read.Partition ?? _partition,
            Timestamp = read.TimestampMs is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null,
        };
    }

    /// <summary>No array is no bytes, where the conversion of the language makes it empty ones.</summary>
    private static ReadOnlyMemory<byte>? Optional(byte[]? bytes) =>
        bytes is null ? default(ReadOnlyMemory<byte>?) : new ReadOnlyMemory<byte>(bytes);

    private static RecordHeader Header(string text)
    {
        int equals = text.IndexOf('=');
        if (equals < 1) throw new CommandException($"'--header {text}' is not of the form name=value", ExitCodes.Usage);
        return new RecordHeader(text[..equals], System.Text.Encoding.UTF8.GetBytes(text[(equals + 1)..]));
    }
}

/// <summary>What became of the records that were sent. Deliveries come on pool threads, or are looked at in the end where the
/// records are few.</summary>
internal sealed class ProduceReport(bool isShort)
{
    private readonly Lock _lock = new();

    /// <summary>What is looked at in the end.</summary>
    private readonly List<ValueTask<RecordMetadata>> _sent = [];

    private readonly Dictionary<int, Written> _written = [];
    private (string Text, int ExitCode)? _error;
    private long _failed;
    private long _open;
    private TaskCompletionSource? _ended;

    public bool HasFailed
    {
        get
        {
            lock (_lock) return _error is not null;
        }
    }

    public bool IsInterrupted { get; set; }

    /// <summary>What was written counts for nobody.</summary>
    public bool IsAborted { get; set; }

    /// <summary>Hands a record to the producer; what becomes of it is told later.</summary>
    public async ValueTask SendAsync(Producer producer, string topic, RawRecord record)
    {
        if (isShort)
        {
            _sent.Add(producer.SendAsync(topic, record));
            return;
        }

        lock (_lock) _open++;
        await producer.EnqueueAsync(topic, record, OnDelivered).ConfigureAwait(false);
    }

    /// <summary>Sends what is left and waits until it is known what became of every record.</summary>
    public async Task EndAsync(Producer producer)
    {
        await producer.FlushAsync().ConfigureAwait(false);
        foreach (ValueTask<RecordMetadata> delivery in _sent)
        {
            try
            {
                RecordMetadata written = await delivery.ConfigureAwait(false);
                lock (_lock) Add(written.Partition, written.Offset);
            }
            catch (MoldauException error)
            {
                lock (_lock) Fail(ErrorText.Of(error), ErrorText.ExitCode(error.Error));
            }
        }

        lock (_lock)
        {
            if (_open == 0) return;
            _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await _ended.Task.ConfigureAwait(false);
    }

    /// <summary>Shows what was written; the exit code.</summary>
    public int Finish(CommandContext context, string topic, string? trouble)
    {
        lock (_lock)
        {
            if (IsAborted) _written.Clear();
            CommandResult result = new(Produce.Columns);
            Written[] written = [.. _written.Values];
            Array.Sort(written, static (one, other) => one.Partition.CompareTo(other.Partition));
            foreach (Written to in written)
                result.Add(topic, to.Partition, to.Count, to.First < 0 ? null : to.First, to.Last < 0 ? null : to.Last);
            if (_written.Count > 0) context.Show(result);
            Tally tally = new();
            if (_written.Count > 0) tally.Succeed();
            if (_error is var (text, exitCode)) tally.Fail($"{Words.Count(_failed, "record")} failed: {text}", exitCode);
            if (trouble is not null) tally.Fail(trouble, ExitCodes.Failed);
            if (IsAborted) CommandLine.Complain("the transaction was aborted: readers of committed records see none of it");
            return IsInterrupted ? ExitCodes.Interrupted : tally.ExitCode;
        }
    }

    private void OnDelivered(DeliveryReport report)
    {
        lock (_lock)
        {
            if (report.Error is { } error) Fail(ErrorText.Of(error), ErrorText.ExitCode(error.Code));
            else Add(report.Partition, report.Offset);
            if (--_open == 0) _ended?.TrySetResult();
        }
    }

    private void Fail(string text, int exitCode)
    {
        _error ??= (text, exitCode);
        _failed++;
    }

    private void Add(int partition, long offset)
    {
        if (!_written.TryGetValue(partition, out Written? to)) _written[partition] = to = new Written(partition);
        to.Add(offset);
    }

    /// <summary>What a partition got.</summary>
    private sealed class Written(int partition)
    {
        public int Partition { get; } = partition;

        public long Count { get; private set; }

        public long First { get; private set; } = long.MaxValue;

        public long Last { get; private set; } = -1;

        public void Add(long offset)
        {
            Count++;
            First = Math.Min(First, offset);
            Last = Math.Max(Last, offset);
        }
    }
}
