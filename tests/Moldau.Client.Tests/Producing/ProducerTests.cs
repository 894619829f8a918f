using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.Records;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Producing;

/// <summary>The public producer against real servers; kcat reads back what was written.</summary>
public sealed class ProducerTests(Servers servers)
{
    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task SendAsync_WritesAndTellsWhere(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        Topic<string, int> topic = new(name, Serde.Utf8, Serde.Int32);
        await using Producer producer = client.CreateProducer();
        for (int i = 0; i < 3; i++)
        {
            RecordMetadata at = await producer.SendAsync(topic, $"k{i}", i, Cancel);
            Assert.Equal((name, 0, i), (at.Topic, at.Partition, at.Offset));
            Assert.InRange(at.Timestamp, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        }

        await producer.SendAsync(topic, null, default, Cancel);
        Assert.Equal(["0 k0 4", "1 k1 4", "2 k2 4", "3  4"], Topics.Read(node, name, "%o %k %S"));
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task EnqueueAsync_KeepsTheOrderOfEachPartition(string server)
    {
        const int Records = 20_000;
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client, 4);
        await using Producer producer = client.CreateProducer();
        for (int i = 0; i < Records; i++)
        {
            string number = i.ToString(CultureInfo.InvariantCulture);
            await producer.EnqueueAsync(
                name, Encoding.UTF8.GetBytes($"k{i % 16}"), Encoding.UTF8.GetBytes(number), Cancel);
        }

        await producer.FlushAsync(Cancel);
        Dictionary<string, int> last = [];
        string[] lines = Topics.Read(node, name, "%p %k %s");
        Assert.Equal(Records, lines.Length);
        foreach (string[] parts in lines.Select(l => l.Split(' ')))
        {
            int number = int.Parse(parts[2], CultureInfo.InvariantCulture);
            if (last.TryGetValue(parts[1], out int before)) Assert.Equal(before + 16, number);
            last[parts[1]] = number;
        }
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Compression_IsReadByOthers(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        foreach (CompressionCodec codec in Enum.GetValues<CompressionCodec>())
        {
            string name = await Topics.CreateAsync(client);
            await using Producer producer = client.CreateProducer(new ProducerOptions { Compression = codec });
            for (int i = 0; i < 500; i++)
                await producer.EnqueueAsync(name, default, Encoding.UTF8.GetBytes($"value {i}"), Cancel);
            await producer.FlushAsync(Cancel);
            Assert.Equal(Enumerable.Range(0, 500).Select(i => $"value {i}"), Topics.Read(node, name, "%s"));
        }
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Records_HaveHeadersTimeAndPartition(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client, 3);
        Topic<string, string> topic = new(name, Serde.Utf8, Serde.Utf8);
        await using Producer producer = client.CreateProducer();
        RecordMetadata at = await producer.SendAsync(
            topic,
            new ProducerRecord<string, string>("k", null)
            {
                Headers = new RecordHeader[] { new("a", "1"u8.ToArray()), new("b", "2"u8.ToArray()) },
                Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123),
                Partition = 2,
            },
            Cancel);
        Assert.Equal(2, at.Partition);
        Assert.Equal(1_700_000_000_123, at.Timestamp.ToUnixTimeMilliseconds());
        Assert.Equal(["2 1700000000123 a=1,b=2 -1"], Topics.Read(node, name, "%p %T %h %S"));
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task TooLargeForTheTopic_IsDividedAndWritten(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client, 1, ("max.message.bytes", "2000"));
        await using Producer producer = client.CreateProducer(new ProducerOptions { Linger = Duration.FromMs(50) });
        Task<RecordMetadata>[] sends = [.. Enumerable.Range(0, 100).Select(i =>
            producer.SendAsync(name, default, Encoding.UTF8.GetBytes($"{i,-100}"), Cancel).AsTask())];
        RecordMetadata[] at = await Task.WhenAll(sends);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), at.Select(a => a.Offset));
        Assert.Equal(
            Enumerable.Range(0, 100).Select(i => i.ToString(CultureInfo.InvariantCulture)),
            Topics.Read(node, name, "%s").Select(l => l.Trim()));
        var error = await Assert.ThrowsAsync<MoldauException>(
            async () => await producer.SendAsync(name, default, new byte[5000], Cancel));
        Assert.Equal(ErrorCode.MessageTooLarge, error.Error);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task AcksNone_WritesWithoutAnswers(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using (Producer producer = client.CreateProducer(new ProducerOptions { Acks = Acks.None }))
        {
            RecordMetadata at = await producer.SendAsync(name, default, "one"u8, Cancel);
            Assert.Equal(-1, at.Offset);
        }

        string[] lines = [];
        Wait.Until(
            () => (lines = Topics.Read(node, name, "%s")).Length > 0, TimeSpan.FromSeconds(30), "the record to be there");
        Assert.Equal(["one"], lines);
    }

    /// <summary>More than a socket takes at once: what was flushed goes out although its producer is disposed of.</summary>
    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task AcksNone_ADisposedProducer_HasSentWhatItFlushed(string server)
    {
        const int Count = 300;
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using (Producer producer = client.CreateProducer(new ProducerOptions { Acks = Acks.None, Linger = Duration.Zero }))
        {
            Topic<byte[], byte[]> topic = new(name, Serde.ByteArray, Serde.ByteArray);
            await producer.SendAsync(name, default, "0"u8, Cancel);
            for (int i = 0; i < Count; i++) await producer.EnqueueAsync(topic, key: [], new byte[100_000], Cancel);
            await producer.FlushAsync(Cancel);
        }

        TopicPartition partition = new(name, 0);
        Dictionary<TopicPartition, OffsetSpec> end = new() { [partition] = OffsetSpec.Latest };
        await Eventually.UntilAsync(
            async () => (await client.Admin.ListOffsetsAsync(end, cancel: Cancel))[partition].Value.Offset == Count + 1);
    }
}
