using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Moldau.Cli.Bench;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-verifiable-producer.sh</c></summary>
internal static class VerifiableProducerShim
{
    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(120);

    public static readonly Shim Shim = new(
        "kafka-verifiable-producer",
        "topic: bootstrap-server: max-messages: throughput: acks: producer.config: message-create-time: value-prefix: repeating-keys: "
        + "command-config: help version",
        RunAsync)
    {
        UsageStyle = UsageStyle.OptionsThenText,
        Program = "verifiable-producer",
        IsHelpfulAlone = true,
    };

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        Run run = new(context, new ToolEvents(context.Out))
        {
            MaxMessages = arguments.Integer("max-messages") is { } most and >= 0 ? most : long.MaxValue,
            Throughput = arguments.Integer("throughput") ?? -1,
            CreateTime = arguments.Number("message-create-time") is { } time and not -1 ? time : null,
            ValuePrefix = arguments.Integer("value-prefix"),
            RepeatingKeys = arguments.Integer("repeating-keys"),
            Topic = arguments.RequireOption("topic"),
        };
        int acks = arguments.Integer("acks") ?? -1;
        if (acks is not (0 or 1 or -1)) throw new ShimUsageException($"argument --acks: invalid choice: '{acks}' (choose from {{0,1,-1}})");
        string bootstrap = arguments.RequireGroup("bootstrap-server");
        context.AddProperties(new Dictionary<string, string> { ["acks"] = $"{acks}", ["retries"] = "0" });
        context.AddPropertiesFile(context.OneFile("producer.config", "command-config"));
        context.Connect(bootstrap, "metadata");
        return await run.SendAsync(context.Client.CreateProducer(context.Properties.Producer(DeliveryTimeout, null))).ConfigureAwait(false);
    }

    /// <summary>One run of the script.</summary>
    private sealed class Run(ShimContext context, ToolEvents events)
    {
        private const int MostOpen = 10_000;

        private readonly long _began = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        private long _sent;
        private long _acknowledged;

        public required string Topic { get; init; }

        public required long MaxMessages { get; init; }

        /// <summary>Records a second; negative for as fast as it goes.</summary>
        public required int Throughput { get; init; }

        /// <summary>The time of the next record; null for its own.</summary>
        public required long? CreateTime { get; set; }

        public required int? ValuePrefix { get; init; }

        public required int? RepeatingKeys { get; init; }

        public async Task<int> SendAsync(Producer producer)
        {
            events.Tell("startup_complete");
            Pace pace = new(Math.Max(0, Throughput));
            // The bound is what may be under way; what came of each is told in the order in which they were sent.
            Channel<Sent> open = Channel.CreateBounded<Sent>(MostOpen);
            Task telling = TellAllAsync(open.Reader);
            try
            {
                for (long i = 0; i < MaxMessages; i++)
                {
                    await pace.NextAsync(context.Cancel).ConfigureAwait(false);
                    await open.Writer.WriteAsync(Send(producer, i), CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
            {
                // What was sent is still told of.
            }

            open.Writer.Complete();
            await telling.ConfigureAwait(false);
            await producer.DisposeAsync().ConfigureAwait(false);
            events.Tell("shutdown_complete");
            double seconds = Math.Max(1, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - _began) / 1000.0;
            events.Tell("tool_data", json =>
            {
                json.WriteNumber("sent", _sent);
                json.WriteNumber("acked", _acknowledged);
                json.WriteNumber("target_throughput", Throughput);
                json.WritePropertyName("avg_throughput");
                json.WriteRawValue(JavaDeserializers.Text(_acknowledged / seconds, isFloat: false));
            });
            return context.Cancel.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Ok;
        }

        private Sent Send(Producer producer, long number)
        {
            string? key = RepeatingKeys is > 0 and var keys ? Text(number % keys) : RepeatingKeys is null ? null : Text(number);
            string value = ValuePrefix is { } prefix ? $"{Text(prefix)}.{Text(number)}" : Text(number);
            DateTimeOffset? time = CreateTime is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
            if (CreateTime is not null) CreateTime += DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - _began;
            ReadOnlyMemory<byte>? bytes = key is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(key);
            RawRecord record = new(bytes, Encoding.UTF8.GetBytes(value)) { Timestamp = time };
            _sent++;
            return new Sent(producer.SendAsync(Topic, record, CancellationToken.None), key, value);
        }

        private async Task TellAllAsync(ChannelReader<Sent> open)
        {
            await foreach (Sent one in open.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                await TellAsync(one.Sending, one.Key, one.Value).ConfigureAwait(false);
        }

        private async Task TellAsync(ValueTask<RecordMetadata> sending, string? key, string value)
        {
            try
            {
                RecordMetadata where = await sending.ConfigureAwait(false);
                _acknowledged++;
                events.Tell("producer_send_success", json =>
                {
                    json.WriteString("key", key);
                    json.WriteString("value", value);
                    json.WriteNumber("offset", where.Offset);
                    json.WriteString("topic", where.Topic);
                    json.WriteNumber("partition", where.Partition);
                });
            }
            catch (MoldauException error)
            {
                ClientError wrong = new(error.Error, error.Message);
                events.Tell("producer_send_error", json =>
                {
                    json.WriteString("topic", Topic);
                    json.WriteString("key", key);
                    json.WriteString("value", value);
                    json.WriteString("exception", "class " + ShimErrors.ClassOf(wrong.Code));
                    json.WriteString("message", wrong.Code == ErrorCode.InvalidTopicException ? $"Invalid topics: [{Topic}]" : ShimErrors.TextOf(wrong));
                });
            }
        }

        /// <summary>A record that is under way.</summary>
        private readonly record struct Sent(ValueTask<RecordMetadata> Sending, string? Key, string Value);

        private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
