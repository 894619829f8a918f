using System.Text;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-verifiable-consumer.sh</c></summary>
internal static class VerifiableConsumerShim
{
    private const string ShutdownRequested = "shutdown_requested";
    private const string RangeAssignor = "org.apache.kafka.clients.consumer.RangeAssignor";

    public static readonly Shim Shim = new(
        "kafka-verifiable-consumer",
        "bootstrap-server: topic: group-protocol: group-remote-assignor: group-id: group-instance-id: max-messages: session-timeout: verbose "
        + "enable-autocommit reset-policy: assignment-strategy: consumer.config: command-config: help version",
        RunAsync)
    {
        UsageStyle = UsageStyle.OptionsThenText,
        Program = "verifiable-consumer",
        IsHelpfulAlone = true,
    };

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        int most = arguments.Integer("max-messages") ?? -1;
        int? sessionMs = arguments.Integer("session-timeout");
        string topic = arguments.RequireOption("topic");
        string group = arguments.RequireOption("group-id");
        string bootstrap = arguments.RequireOption("bootstrap-server");
        context.AddPropertiesFile(context.OneFile("consumer.config", "command-config"));
        Dictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["group.id"] = group,
            ["enable.auto.commit"] = arguments.Has("enable-autocommit") ? "true" : "false",
            ["auto.offset.reset"] = arguments.Value("reset-policy") ?? "earliest",
        };
        bool isNew = string.Equals(arguments.Value("group-protocol"), "consumer", StringComparison.OrdinalIgnoreCase);
        if (isNew)
        {
            properties["group.protocol"] = "consumer";
            if (arguments.Value("group-remote-assignor") is { } assignor) properties["group.remote.assignor"] = assignor;
        }
        else
        {
            properties["partition.assignment.strategy"] = arguments.Value("assignment-strategy") ?? RangeAssignor;
        }

        if (arguments.Value("group-instance-id") is { } instance) properties["group.instance.id"] = instance;
        if (sessionMs is { } session) properties["session.timeout.ms"] = $"{session}";
        context.AddProperties(properties);
        context.Connect(bootstrap, "metadata");
        ToolEvents events = new(context.Out);
        Run run = new(context, events, topic, most);
        ConsumerOptions options = context.Consumer(group, OffsetReset.Earliest) with
        {
            CommitOnlyDone = false,
            AllowAutoCreateTopics = true,
            Listener = new Listener(events),
        };
        return await run.ReadAsync(context.Client.CreateConsumer(Serde.Bytes, Serde.Bytes, options), options).ConfigureAwait(false);
    }

    /// <summary>Tells which partitions come and go.</summary>
    private sealed class Listener(ToolEvents events) : IConsumerListener
    {
        public ValueTask OnAssignedAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel) => Tell("partitions_assigned", partitions);

        public ValueTask OnRevokedAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel) => Tell("partitions_revoked", partitions);

        public ValueTask OnLostAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancel) => Tell("partitions_revoked", partitions);

        private ValueTask Tell(string name, IReadOnlyList<TopicPartition> partitions)
        {
            events.Tell(name, json => json.WriteObjects("partitions", partitions, (one, p) => one.WritePartition(p)));
            return default;
        }
    }

    /// <summary>What was read of a partition at once.</summary>
    private readonly record struct Summary(TopicPartition Partition, int Count, long First, long Last);

    /// <summary>One run of the script.</summary>
    private sealed class Run(ShimContext context, ToolEvents events, string topic, int most)
    {
        private readonly bool _isVerbose = context.Arguments.Has("verbose");
        private int _consumed;

        private bool IsFinished => most >= 0 && _consumed >= most;

        public async Task<int> ReadAsync(Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, ConsumerOptions options)
        {
            events.Tell("startup_complete");
            try
            {
                consumer.Subscribe(topic);
                await LoopAsync(consumer, options).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
            {
                events.Tell(ShutdownRequested);
            }
            catch (MoldauException error) when (error.Error != ErrorCode.UnsupportedVersion)
            {
                context.Error.WriteLine("ERROR Error during processing, terminating consumer process: ");
                context.Error.WriteLine($"{ShimErrors.ClassOf(error.Error)}: {ShimErrors.TextOf(new ClientError(error.Error, error.Message))}");
            }

            await consumer.DisposeAsync().ConfigureAwait(false);
            events.Tell("shutdown_complete");
            if (context.Cancel.IsCancellationRequested) return ExitCodes.Interrupted;
            // The original says it whenever its process ends.
            events.Tell(ShutdownRequested);
            return ExitCodes.Ok;
        }

        /// <summary>What is there already is told of together, as one poll of the original's.</summary>
        private async Task LoopAsync(Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, ConsumerOptions options)
        {
            Polls<ConsumedBatch<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> polls = new(consumer.ReadBatchesAsync, context.Cancel);
            await using (polls.ConfigureAwait(false))
            {
                while (!IsFinished)
                {
                    List<Summary> summaries = [];
                    int polled = 0;
                    while (polled < options.MaxPollRecords && await polls.NextAsync(isFirst: polled == 0).ConfigureAwait(false))
                        polled += Take(polls.Current, summaries);
                    TellOf(polled, summaries);
                    if (!options.EnableAutoCommit) await CommitAsync(consumer, summaries).ConfigureAwait(false);
                }
            }
        }

        private int Take(ConsumedBatch<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> batch, List<Summary> summaries)
        {
            int count = 0;
            int wanted = 0;
            (long first, long last) = (-1L, -1L);
            foreach (var record in batch)
            {
                count++;
                if (IsFinished) continue;
                wanted++;
                _consumed++;
                first = wanted == 1 ? record.Offset : first;
                last = record.Offset;
                if (_isVerbose) Tell(record);
            }

            if (wanted == 0) return count;
            // Several batches of a partition are one part of the poll.
            int at = summaries.FindIndex(s => s.Partition == batch.TopicPartition);
            if (at < 0) summaries.Add(new Summary(batch.TopicPartition, wanted, first, last));
            else summaries[at] = summaries[at] with { Count = summaries[at].Count + wanted, Last = last };
            return count;
        }

        private void Tell(ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record) => events.Tell("record_data", json =>
        {
            json.WriteString("key", Text(record.RawKey));
            json.WriteString("value", Text(record.RawValue));
            json.WritePartition(record.TopicPartition);
            json.WriteNumber("offset", record.Offset);
        });

        private void TellOf(int polled, List<Summary> summaries) => events.Tell("records_consumed", json =>
        {
            json.WriteNumber("count", polled);
            json.WriteObjects("partitions", summaries, (one, summary) =>
            {
                one.WritePartition(summary.Partition);
                one.WriteNumber("count", summary.Count);
                one.WriteNumber("minOffset", summary.First);
                one.WriteNumber("maxOffset", summary.Last);
            });
        });

        private async Task CommitAsync(Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, List<Summary> summaries)
        {
            string? error = null;
            try
            {
                var offsets = summaries.ToDictionary(s => s.Partition, s => new CommittedOffset(s.Last + 1));
                await consumer.CommitAsync(offsets, CancellationToken.None).ConfigureAwait(false);
            }
            catch (MoldauException wrong)
            {
                error = ShimErrors.TextOf(new ClientError(wrong.Error, wrong.Message));
            }

            events.Tell("offsets_committed", json =>
            {
                json.WriteObjects("offsets", summaries, (one, summary) =>
                {
                    one.WritePartition(summary.Partition);
                    one.WriteNumber("offset", summary.Last + 1);
                });
                if (error is not null) json.WriteString("error", error);
                json.WriteBoolean("success", error is null);
            });
        }

        private static string? Text(ReadOnlyMemory<byte>? bytes) => bytes is { } known ? Encoding.UTF8.GetString(known.Span) : null;
    }
}
