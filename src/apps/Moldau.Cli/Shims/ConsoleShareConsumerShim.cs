using System.Buffers;
using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-console-share-consumer.sh</c></summary>
internal static class ConsoleShareConsumerShim
{
    public static readonly Shim Shim = new(
        "kafka-console-share-consumer",
        "bootstrap-server: topic: group: max-messages: timeout-ms: release reject reject-message-on-error property: formatter: formatter-property: "
        + "formatter-config: consumer-property: consumer-config: command-property: command-config: key-deserializer: value-deserializer: "
        + "enable-systest-events help version",
        RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        Check(context);
        long most = arguments.Integer("max-messages") is { } max and not -1 ? max : long.MaxValue;
        long? timeoutMs = arguments.Integer("timeout-ms");
        string? file = arguments.Value("consumer-config") ?? arguments.Value("command-config");
        Dictionary<string, string> ofFile = file is null ? [] : ShimContext.ReadProperties(file);
        Dictionary<string, string> properties = arguments.Properties("consumer-property", "command-property");
        string group = GroupOf(arguments, ofFile, properties);
        RecordFormatter formatter = RecordFormatter.Of(arguments);
        context.Out.Flush();
        context.AddProperties(new Dictionary<string, string> { ["client.id"] = "console-share-consumer" });
        context.AddProperties(ofFile);
        context.AddProperties(properties);
        context.Connect(arguments.Require("bootstrap-server"), "metadata");
        ShareConsumerOptions options = context.Properties.ShareConsumer(group) with
        {
            AcknowledgementMode = ShareAcknowledgementMode.Explicit,
        };
        SharedPrinter printer = new(context, formatter);
        var consumer = context.Client.CreateShareConsumer(Serde.Bytes, Serde.Bytes, options);
        bool isWell;
        await using (consumer.ConfigureAwait(false))
        {
            consumer.Subscribe(arguments.Require("topic"));
            isWell = await ReadAsync(context, consumer, printer, most, timeoutMs).ConfigureAwait(false);
        }

        context.Error.WriteLine($"Processed a total of {printer.Count} messages");
        if (arguments.Has("enable-systest-events")) context.Out.WriteLine("shutdown_complete");
        return isWell ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static void Check(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (!arguments.Has("topic")) throw new ShimUsageException("--topic is a required argument");
        arguments.Require("bootstrap-server");
        if (arguments.Has("reject") && arguments.Has("release")) throw new ShimUsageException("At most one of --reject and --release may be specified.");
        context.Deprecated("consumer-property", "command-property");
        context.Deprecated("consumer-config", "command-config");
        context.Deprecated("property", "formatter-property");
    }

    /// <summary>The group may be named in several places, but it is one.</summary>
    private static string GroupOf(ShimArguments arguments, Dictionary<string, string> ofFile, Dictionary<string, string> properties)
    {
        const string Name = "group.id";
        string?[] named = [arguments.Value("group"), ofFile.GetValueOrDefault(Name), properties.GetValueOrDefault(Name)];
        string[] groups = [.. named.OfType<string>().Distinct(StringComparer.Ordinal)];
        if (groups.Length > 1)
        {
            string detected = string.Join(", ", groups.Order(StringComparer.Ordinal).Select(g => $"'{g}'"));
            throw new ShimUsageException(
                "The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer-config') do not match. "
                + $"Detected group ids: {detected}");
        }

        // Without a group of its own the script makes one up.
        return groups is [{ } one] ? one : new Uuid(Random.Shared.NextInt64(), Random.Shared.NextInt64()).ToString();
    }

    /// <summary>False where a record could not be read and is not to be rejected.</summary>
    private static async Task<bool> ReadAsync(
        ShimContext context, ShareConsumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer,
        SharedPrinter printer, long most, long? timeoutMs)
    {
        if (most <= 0) return true;
        TimeSpan? patience = timeoutMs is >= 0 and var ms ? TimeSpan.FromMilliseconds(ms) : null;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
        if (patience is { } first) limit.CancelAfter(first);
        var records = consumer.ReadAllAsync(limit.Token).GetAsyncEnumerator(CancellationToken.None);
        await using (records.ConfigureAwait(false))
        {
            try
            {
                while (printer.Count < most)
                {
                    ValueTask<bool> next = records.MoveNextAsync();
                    if (!next.IsCompleted) printer.Flush();
                    if (!await next.ConfigureAwait(false)) break;
                    if (!printer.TryPrint(records.Current)) return false;
                    if (patience is { } again) limit.CancelAfter(again);
                }
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                if (!context.Cancel.IsCancellationRequested) Tell("org.apache.kafka.common.errors.TimeoutException");
            }
            catch (MoldauException error) when (error.Error != ErrorCode.UnsupportedVersion)
            {
                Tell($"{ShimErrors.ClassOf(error.Error)}: {ShimErrors.TextOf(new ClientError(error.Error, error.Message))}");
            }
            catch (IOException) when (Console.IsOutputRedirected)
            {
                context.Error.WriteLine("Unable to write to standard out, closing consumer.");
                return true;
            }

            printer.Flush();
            return true;
        }

        void Tell(string what)
        {
            context.Error.WriteLine("ERROR Error processing message, terminating consumer process: ");
            context.Error.WriteLine(what);
        }
    }

    /// <summary>Prints records and acknowledges them.</summary>
    private sealed class SharedPrinter(ShimContext context, RecordFormatter formatter)
    {
        private const int MostHeldBack = 1 << 16;

        private readonly ArrayBufferWriter<byte> _buffer = new();
        private readonly Stream _output = StandardOutput.Open();
        private readonly bool _rejectsWrong = context.Arguments.Has("reject-message-on-error");
        private readonly AcknowledgeType _type = context.Arguments.Has("reject") ? AcknowledgeType.Reject
            : context.Arguments.Has("release") ? AcknowledgeType.Release : AcknowledgeType.Accept;

        /// <summary>How many records there were, with those that could not be printed.</summary>
        public long Count { get; private set; }

        public bool TryPrint(in SharedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record)
        {
            Count++;
            try
            {
                formatter.Write(FormattedRecord.Of(record, formatter.WantsHeaders), _buffer);
                record.Acknowledge(_type);
            }
            catch (ShimDeserializationException error)
            {
                Flush();
                context.Error.WriteLine(_rejectsWrong
                    ? "ERROR Error processing message, rejecting this message: "
                    : "ERROR Unknown error when running consumer: ");
                context.Error.WriteLine($"org.apache.kafka.common.errors.SerializationException: {error.Message}");
                if (!_rejectsWrong) return false;
                record.Reject();
            }

            if (_buffer.WrittenCount > MostHeldBack) Flush();
            return true;
        }

        public void Flush()
        {
            _output.Write(_buffer.WrittenSpan);
            _buffer.ResetWrittenCount();
        }
    }
}
