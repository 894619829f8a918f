using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Telemetry;

/// <summary>Listeners hear of everything in the process, and cost what others measure.</summary>
[CollectionDefinition(nameof(TelemetryTests), DisableParallelization = true)]
public sealed class TelemetryCollection;

/// <summary>Spans and metrics as OpenTelemetry's messaging conventions name them.</summary>
[Collection(nameof(TelemetryTests))]
public sealed class TelemetryTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SendPollProcessAndCommit_AreSpans_AndTheContextFlows()
    {
        ServerUnderTest node = servers.Get("moldau");
        ConcurrentQueue<Activity> spans = new();
        using ActivitySource mine = new("mine");
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name is MoldauTelemetry.Name or "mine",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        Topic<string, string> topic = new(name, Serde.Utf8, Serde.Utf8);
        await using Producer producer = client.CreateProducer();
        ActivityTraceId trace;
        using (Activity around = mine.StartActivity("request")!)
        {
            trace = around.TraceId;
            await producer.SendAsync(topic, "k1", "v", Cancel);
            Assert.Same(around, Activity.Current);
            await producer.EnqueueAsync(topic, "k2", null, Cancel);
        }

        await producer.FlushAsync(Cancel);
        await using Consumer<string, string> consumer = client.CreateConsumer(
            topic, new ConsumerOptions { GroupId = $"g-{name}", OffsetReset = OffsetReset.Earliest, EnableAutoCommit = false });
        string? parent = null;
        await foreach (ConsumedRecord<string, string> record in consumer.ReadAllAsync(Patience.Token))
        {
            if (record.Offset == 1) break;
            parent = Encoding.UTF8.GetString(record.Headers.Single(h => h.Key == "traceparent").Value!);
            using ProcessTrace? work = record.StartProcessing("g");
            Assert.Equal($"process {name}", Activity.Current!.OperationName);
        }

        await consumer.CommitAsync(Cancel);
        Wait.Until(() => spans.Count(s => s.OperationName == $"send {name}") == 2, TimeSpan.FromSeconds(20), "both sends' spans");
        Activity sent = spans.Single(s => s.OperationName == $"send {name}" && (string?)s.GetTagItem("messaging.kafka.message.key") == "k1");
        Assert.Equal((ActivityKind.Producer, trace), (sent.Kind, sent.TraceId));
        Assert.Equal(sent.Id, parent);
        Assert.Equal("kafka", sent.GetTagItem("messaging.system"));
        Assert.Equal("0", sent.GetTagItem("messaging.destination.partition.id"));
        Assert.Equal(0L, sent.GetTagItem("messaging.kafka.offset"));
        Activity tombstone = spans.Single(s => (string?)s.GetTagItem("messaging.kafka.message.key") == "k2" && s.OperationName == $"send {name}");
        Assert.Equal(true, tombstone.GetTagItem("messaging.kafka.message.tombstone"));
        Activity process = spans.Single(s => s.OperationName == $"process {name}");
        Assert.Equal(sent.SpanId, Assert.Single(process.Links).Context.SpanId);
        Assert.Equal(ActivityKind.Consumer, process.Kind);
        Assert.Contains(spans, s => s.DisplayName == $"poll {name}" && (string?)s.GetTagItem("messaging.operation.type") == "receive");
        Assert.Contains(spans, s => s.OperationName == "commit"
            && (string?)s.GetTagItem("messaging.consumer.group.name") == $"g-{name}");
    }

    [Fact]
    public async Task FailedSend_HasKafkasNameOfTheError()
    {
        ServerUnderTest node = servers.Get("moldau");
        ConcurrentQueue<Activity> spans = new();
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == MoldauTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using Producer producer = client.CreateProducer(new ProducerOptions { MaxRequestBytes = 20_000 });
        await Assert.ThrowsAsync<MoldauException>(
            async () => await producer.SendAsync(name, default, new byte[50_000], Cancel));
        Wait.Until(() => spans.Any(s => s.OperationName == $"send {name}"), TimeSpan.FromSeconds(20), "the span");
        Activity span = spans.Single(s => s.OperationName == $"send {name}");
        Assert.Equal("MESSAGE_TOO_LARGE", span.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
    }

    [Fact]
    public async Task Metrics_CountRecordsAndTimes_AndTellOfLagAndBuffer()
    {
        ServerUnderTest node = servers.Get("moldau");
        ConcurrentDictionary<(string Instrument, string? Topic), double> sums = new();
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == MoldauTelemetry.Name) l.EnableMeasurementEvents(instrument);
            },
        };
        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string? topic = null;
            foreach ((string key, object? tag) in tags)
                if (key == "messaging.destination.name") topic = (string?)tag;
            bool isGauge = instrument.IsObservable;
            sums.AddOrUpdate((instrument.Name, topic), value, (_, sum) => isGauge ? value : sum + value);
        }

        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        Topic<string, string> topic = new(name, Serde.Utf8, Serde.Utf8);
        await using Producer producer = client.CreateProducer(new ProducerOptions { Linger = Duration.FromSeconds(1000) });
        for (int i = 0; i < 10; i++) await producer.EnqueueAsync(topic, "k", "v", Cancel);
        listener.RecordObservableInstruments();
        Assert.True(sums[("moldau.client.producer.buffer.used", null)] >= 16384);
        await producer.FlushAsync(Cancel);
        await using Consumer<string, string> consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(new TopicPartition(name, 0));
        await foreach (ConsumedRecord<string, string> record in consumer.ReadAllAsync(Patience.Token))
        {
            record.StartProcessing()!.Dispose();
            if (record.Offset == 3) break;
        }

        listener.RecordObservableInstruments();
        Assert.Equal(7, sums[("moldau.client.consumer.lag", name)]);
        Wait.Until(() => sums.GetValueOrDefault(("messaging.client.sent.messages", name)) == 10, TimeSpan.FromSeconds(20), "ten sends");
        Assert.Equal(4, sums[("messaging.client.consumed.messages", name)]);
        Assert.True(sums[("messaging.client.operation.duration", name)] > 0);
        Assert.True(sums[("messaging.process.duration", name)] > 0);
    }
}
