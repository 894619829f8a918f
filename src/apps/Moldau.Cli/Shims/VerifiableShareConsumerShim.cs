using System.Collections.Concurrent;
using System.Text;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-verifiable-share-consumer.sh</c></summary>
internal static class VerifiableShareConsumerShim
{
    public static readonly Shim Shim = new(
        "kafka-verifiable-share-consumer",
        "bootstrap-server: topic: group-id: max-messages: verbose acknowledgement-mode: offset-reset-strategy: command-config: help version",
        RunAsync)
    {
        UsageStyle = UsageStyle.OptionsThenText,
        Program = "verifiable-share-consumer",
        IsHelpfulAlone = true,
    };

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        int most = arguments.Integer("max-messages") ?? -1;
        string topic = arguments.RequireOption("topic");
        string group = arguments.RequireOption("group-id");
        string bootstrap = arguments.RequireOption("bootstrap-server");
        string mode = (arguments.Value("acknowledgement-mode") ?? "auto").ToUpperInvariant();
        if (mode is not ("AUTO" or "ASYNC" or "SYNC"))
            throw new ShimFailedException(
                "Exception in thread \"main\" java.lang.IllegalArgumentException: "
                + $"No enum constant org.apache.kafka.tools.VerifiableShareConsumer.AcknowledgementMode.{mode}");
        context.AddPropertiesFile(arguments.Value("command-config"));
        context.Connect(bootstrap, "metadata");
        Run run = new(context, new ToolEvents(context.Out), topic, most);
        return await run.ReadAsync(group, arguments.Value("offset-reset-strategy")?.ToLowerInvariant() ?? "").ConfigureAwait(false);
    }

    /// <summary>One run of the script. What the modes tell apart cannot be seen from outside: all acknowledge what was read, and tell of
    /// the brokers' answer, before they read on.</summary>
    private sealed class Run(ShimContext context, ToolEvents events, string topic, int most)
    {
        private readonly bool _isVerbose = context.Arguments.Has("verbose");
        private readonly ConcurrentQueue<AcknowledgementFailure> _failures = [];
        private long _acknowledged;

        public async Task<int> ReadAsync(string group, string strategy)
        {
            ShareConsumerOptions options = context.Properties.ShareConsumer(group) with
            {
                AcknowledgementMode = ShareAcknowledgementMode.Explicit,
                AcknowledgementFailed = _failures.Enqueue,
            };
            var consumer = context.Client.CreateShareConsumer(Serde.Bytes, Serde.Bytes, options);
            events.Tell("startup_complete");
            try
            {
                if (strategy.Length > 0) await SetStrategyAsync(group, strategy).ConfigureAwait(false);
                consumer.Subscribe(topic);
                await LoopAsync(consumer, options.MaxPollRecords).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
            {
                // It is told to end.
            }
            catch (MoldauException error) when (error.Error != ErrorCode.UnsupportedVersion)
            {
                Tell($"{ShimErrors.ClassOf(error.Error)}: {ShimErrors.TextOf(new ClientError(error.Error, error.Message))}");
            }
            catch (ShimFailedException error)
            {
                Tell(error.Message);
            }

            await consumer.DisposeAsync().ConfigureAwait(false);
            events.Tell("shutdown_complete");
            return context.Cancel.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Ok;

            void Tell(string what)
            {
                context.Error.WriteLine("ERROR Error during processing, terminating share consumer process: ");
                context.Error.WriteLine(what);
            }
        }

        private async Task SetStrategyAsync(string group, string strategy)
        {
            if (strategy is not ("earliest" or "latest") && !strategy.StartsWith("by_duration:", StringComparison.Ordinal))
                throw new ShimFailedException($"java.lang.IllegalArgumentException: Unknown auto offset reset strategy: {strategy}");
            await context.Admin.ChangeConfigAsync(
                new ConfigResource(ConfigResourceKind.Group, group), [new ConfigChange("share.auto.offset.reset", ConfigChangeKind.Set, strategy)],
                cancel: context.Cancel).ConfigureAwait(false);
            events.Tell("offset_reset_strategy_set", json => json.WriteString("offsetResetStrategy", strategy));
        }

        private async Task LoopAsync(ShareConsumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, int pollRecords)
        {
            Polls<SharedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> polls = new(consumer.ReadAllAsync, context.Cancel);
            await using (polls.ConfigureAwait(false))
            {
                while (most < 0 || _acknowledged < most)
                {
                    SortedDictionary<TopicPartition, List<long>> offsets = [];
                    int polled = 0;
                    while (polled < pollRecords && await polls.NextAsync(isFirst: polled == 0).ConfigureAwait(false))
                    {
                        polled++;
                        Take(polls.Current, offsets);
                    }

                    events.Tell("records_consumed", json =>
                    {
                        json.WriteNumber("count", polled);
                        WriteOffsets(json, offsets);
                    });
                    await CommitAsync(consumer, offsets).ConfigureAwait(false);
                }
            }
        }

        private void Take(
            SharedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, SortedDictionary<TopicPartition, List<long>> offsets)
        {
            if (!offsets.TryGetValue(record.TopicPartition, out List<long>? known)) offsets[record.TopicPartition] = known = [];
            known.Add(record.Offset);
            record.Accept();
            if (!_isVerbose) return;
            events.Tell("record_data", json =>
            {
                json.WriteString("key", Text(record.RawKey));
                json.WriteString("value", Text(record.RawValue));
                json.WritePartition(record.TopicPartition);
                json.WriteNumber("offset", record.Offset);
            });
        }

        private async Task CommitAsync(
            ShareConsumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, SortedDictionary<TopicPartition, List<long>> offsets)
        {
            try
            {
                await consumer.CommitAsync(context.Cancel).ConfigureAwait(false);
            }
            catch (MoldauException)
            {
                // Each refusal is told by itself.
            }

            while (_failures.TryDequeue(out AcknowledgementFailure? failure))
            {
                if (offsets.TryGetValue(failure.TopicPartition, out List<long>? known)) known.RemoveAll(failure.Offsets.Contains);
                SortedDictionary<TopicPartition, List<long>> refused = new() { [failure.TopicPartition] = [.. failure.Offsets] };
                Tell(refused, ShimErrors.TextOf(new ClientError(failure.Error.Error, failure.Error.Message)));
            }

            if (offsets.Values.Any(o => o.Count > 0)) Tell(offsets, null);
        }

        private void Tell(SortedDictionary<TopicPartition, List<long>> offsets, string? error)
        {
            int count = offsets.Values.Sum(o => o.Count);
            if (error is null) _acknowledged += count;
            events.Tell("offsets_acknowledged", json =>
            {
                json.WriteNumber("count", count);
                WriteOffsets(json, offsets);
                if (error is not null) json.WriteString("error", error);
                json.WriteBoolean("success", error is null);
            });
        }

        private static void WriteOffsets(System.Text.Json.Utf8JsonWriter json, SortedDictionary<TopicPartition, List<long>> offsets) =>
            json.WriteObjects("partitions", offsets, (one, item) =>
            {
                one.WritePartition(item.Key);
                one.WriteNumber("count", item.Value.Count);
                one.WriteStartArray("offsets");
                foreach (long offset in item.Value) one.WriteNumberValue(offset);
                one.WriteEndArray();
            });

        private static string? Text(ReadOnlyMemory<byte>? bytes) => bytes is { } known ? Encoding.UTF8.GetString(known.Span) : null;
    }
}
