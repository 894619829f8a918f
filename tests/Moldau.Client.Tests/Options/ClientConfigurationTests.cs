using System.Globalization;
using Moldau.Base;
using Moldau.Records;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Options;

/// <summary>Options out of names and texts.</summary>
public sealed class ClientConfigurationTests
{
    /// <summary>Kafka's own lists of properties, with their defaults.</summary>
    public static TheoryData<string> Lists => new("producer", "consumer", "admin");

    [Theory]
    [MemberData(nameof(Lists))]
    public void EveryPropertyOfKafka_IsBound_OrTakenWithAReason(string list)
    {
        List<string> missing = [];
        foreach (string[] row in Rows(list))
        {
            PropertyRow? known = ClientConfiguration.Find(row[0]);
            if (known is null) missing.Add(row[0]);
            else if (known.WhyUnused is not null) Assert.True(known.WhyUnused.Length > 10, row[0]);
            bool isPassword = row[1] == "PASSWORD";
            if (known is { WhyUnused: null }) Assert.Equal(isPassword, known.IsSecret);
        }

        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public void KafkasDefaults_AreOurs(string list)
    {
        // Kafka's default mechanism is not offered, and none of the rest is to be set by default.
        // A group protocol that is not said is found out, and its assignors with it.
        string[] others =
        [
            "sasl.mechanism", "bootstrap.servers", "client.id", "ssl.enabled.protocols", "group.protocol", "partition.assignment.strategy",
        ];
        string[] ofTheSystem = ["send.buffer.bytes", "receive.buffer.bytes"];
        foreach (string[] row in Rows(list))
        {
            PropertyRow known = ClientConfiguration.Find(row[0])!;
            bool isNone = row[2] is "null" or "" or "[]" or "(required)";
            if (known.WhyUnused is not null || isNone || others.Contains(row[0]) || ofTheSystem.Contains(row[0])) continue;
            if (row[0] is "connections.max.idle.ms" && list == "admin") continue; // Java's admin client closes links earlier
            ClientConfiguration given = ClientConfiguration.Read([new(row[0], row[2])]);
            ClientSettings client = new() { BootstrapServers = [] };
            ProducerOptions producer = new();
            ConsumerOptions consumer = new();
            Assert.Equal(client, given.Apply(client));
            // What follows from acks and requests in flight is not said: null there, true in Kafka.
            if (row[0] != "enable.idempotence") Assert.Equal(producer, given.Apply(producer));
            Assert.Equal(consumer, given.Apply(consumer));
            Assert.Equal(Share(), given.Apply(Share()));
        }
    }

    [Fact]
    public void DottedNames_PascalCaseAndLibrdkafkasNames_SetTheSame()
    {
        string[][] names =
        [
            ["linger.ms", "Linger", "Producer:Linger", "producer:linger", "Producer:linger.ms", "queue.buffering.max.ms"],
            ["LINGER.MS", "PRODUCER:LINGER"],
        ];
        foreach (string name in names.SelectMany(n => n))
            Assert.Equal(Duration.FromMs(7), Read((name, "7")).Apply(new ProducerOptions()).Linger);
        Assert.Equal("g", Read(("Consumer:GroupId", "g")).Apply(new ConsumerOptions()).GroupId);
        Assert.Equal(
            SaslMechanism.ScramSha512,
            Read(("Security:Sasl", "SCRAM-SHA-512")).Apply(Client()).Security.Sasl.Mechanism);
    }

    [Fact]
    public void EveryBoundProperty_CanBeSetByItsPath()
    {
        foreach (PropertyRow row in PropertyTable.Rows.Where(r => r.WhyUnused is null))
        {
            Assert.NotNull(row.Path);
            Assert.Same(row, ClientConfiguration.Find(row.Path));
            // A share consumer has some of the consumer's properties, and some of its own.
            Assert.Single(new object?[] { row.Client, row.Producer, row.Consumer ?? (object?)row.Share }, s => s is not null);
        }
    }

    [Fact]
    public void Values_AreReadAsKafkaReadsThem()
    {
        ProducerOptions producer = Read(
            ("acks", "1"), ("compression.zstd.level", "5"), ("compression.type", "zstd"), ("enable.idempotence", " False "),
            ("delivery.timeout.ms", "9223372036854775807")).Apply(new ProducerOptions());
        Assert.Equal(Acks.Leader, producer.Acks);
        Assert.Equal(CompressionCodec.Zstd, producer.Compression);
        Assert.Equal(5, producer.CompressionLevel);
        Assert.False(producer.IsIdempotent);
        Assert.Equal(new Duration(long.MaxValue), producer.DeliveryTimeout);
        Assert.Null(Read(("compression.type", "gzip"), ("compression.zstd.level", "5")).Apply(new ProducerOptions()).CompressionLevel);
        ConsumerOptions consumer = Read(
            ("auto.offset.reset", "by_duration:P1DT2H"), ("isolation.level", "READ_COMMITTED"), ("fetch.max.wait.ms", "2s"),
            ("session.timeout.ms", "00:00:10")).Apply(new ConsumerOptions());
        Assert.Equal(OffsetReset.ByDuration(Duration.FromSeconds(26 * 3600)), consumer.OffsetReset);
        Assert.Equal(IsolationLevel.ReadCommitted, consumer.IsolationLevel);
        Assert.Equal(TimeSpan.FromSeconds(2), consumer.FetchMaxWait);
        Assert.Equal(TimeSpan.FromSeconds(10), consumer.SessionTimeout);
        ClientSettings client = Read(("bootstrap.servers", " a:1 , [::1]:2"), ("ssl.cipher.suites", "A, B"),
            ("ssl.endpoint.identification.algorithm", "")).ToClientSettings();
        Assert.Equal([new BrokerAddress("a", 1), new BrokerAddress("::1", 2)], client.BootstrapServers);
        Assert.Equal(["A", "B"], client.Security.Tls.CipherSuites);
        Assert.False(client.Security.Tls.ChecksHostName);
    }

    [Fact]
    public void Groups_AreConfiguredByNamesAndByJavasClasses()
    {
        ConsumerOptions classic = Read(
            ("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor, range"),
            ("group.protocol", "CLASSIC")).Apply(new ConsumerOptions());
        Assert.Equal(["cooperative-sticky", "range"], classic.PartitionAssignmentStrategy);
        Assert.Equal(GroupProtocol.Classic, classic.GroupProtocol);
        ConsumerOptions remote = Read(("Consumer:GroupRemoteAssignor", "uniform")).Apply(new ConsumerOptions());
        Assert.Equal("uniform", remote.GroupRemoteAssignor);
        Assert.Equal(GroupProtocol.Consumer, remote.ToSettings().GroupProtocol);
        Assert.Equal(GroupProtocol.Consumer, Read(("group.protocol", "consumer")).Apply(new ConsumerOptions()).GroupProtocol);
        Assert.Throws<ArgumentException>(() => (remote with { GroupProtocol = GroupProtocol.Classic }).ToSettings());
        Assert.Throws<ArgumentException>(() => (remote with { PartitionAssignmentStrategy = ["range"] }).ToSettings());
    }

    [Fact]
    public void MaxPollRecords_IsTheConsumersToo()
    {
        Assert.Equal(7, Read(("max.poll.records", "7")).Apply(new ConsumerOptions()).MaxPollRecords);
        Assert.Contains("max.poll.records", new ConsumerOptions { MaxPollRecords = 0 }.WhyInvalid, StringComparison.Ordinal);
    }

    [Fact]
    public void ShareConsumers_HaveTheirOwnAndTheConsumersProperties()
    {
        ShareConsumerOptions options = Read(
            ("group.id", "g"), ("share.acknowledgement.mode", "explicit"), ("share.acquire.mode", "RECORD_LIMIT"),
            ("max.poll.records", "7"), ("fetch.min.bytes", "8"), ("fetch.max.bytes", "9"), ("fetch.max.wait.ms", "10"),
            ("check.crcs", "false"), ("session.timeout.ms", "11")).Apply(Share());
        Assert.Equal(
            new ShareConsumerOptions
            {
                GroupId = "g",
                AcknowledgementMode = ShareAcknowledgementMode.Explicit,
                AcquireMode = ShareAcquireMode.RecordLimit,
                MaxPollRecords = 7,
                FetchMinBytes = 8,
                FetchMaxBytes = 9,
                FetchMaxWait = TimeSpan.FromMilliseconds(10),
                CheckCrcs = false,
            },
            options);
    }

    [Fact]
    public void JaasConfig_GivesNamePasswordAndTokens()
    {
        SaslOptions plain = Read((
            "sasl.jaas.config",
            """org.apache.kafka.common.security.plain.PlainLoginModule required username="an\"na" password='p w;';"""))
            .Apply(Client()).Security.Sasl;
        Assert.Equal("an\"na", plain.Username);
        Assert.Equal("p w;", plain.Password!.Reveal());
        SaslOptions oauth = Read((
            "sasl.jaas.config", """X required clientId=id clientSecret="s" scope="a b" extension_logicalCluster="lkc";"""))
            .Apply(Client()).Security.Sasl;
        Assert.Equal("id", oauth.OAuth.ClientId);
        Assert.Equal("a b", oauth.OAuth.Scope);
        Assert.Equal("lkc", oauth.OAuth.Extensions["logicalCluster"]);
    }

    [Theory]
    [InlineData("linger.mss", "linger.ms")]
    [InlineData("Producer:Lingr", "Producer:Linger")]
    [InlineData("bootstrap.server", "bootstrap.servers")]
    [InlineData("sasl.mechansim", "sasl.mechanism")]
    public void UnknownName_IsAnError_WithTheNearest(string given, string nearest)
    {
        FormatException error = Assert.Throws<FormatException>(() => Read((given, "1")));
        Assert.Contains($"'{given}'; did you mean '{nearest}'?", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void NameInAnotherSection_IsAnError() =>
        Assert.Throws<FormatException>(() => Read(("Consumer:linger.ms", "1")));

    [Fact]
    public void OnePropertyByTwoNames_IsAnError()
    {
        FormatException error = Assert.Throws<FormatException>(() => Read(("linger.ms", "1"), ("Producer:Linger", "2")));
        Assert.Contains("'linger.ms' and 'Producer:Linger'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KnownButMeaningless_IsTakenAndTold()
    {
        ClientConfiguration given = Read(("ssl.provider", "BC"), ("key.serializer", "x.Y"));
        Assert.Equal(["ssl.provider", "key.serializer"], given.Unused.Select(u => u.Name));
        Assert.All(given.Unused, u => Assert.NotEmpty(u.Why));
    }

    [Theory]
    [InlineData("acks", "2", "one of all, -1, 1, 0")]
    [InlineData("linger.ms", "-1", "a number of milliseconds")]
    [InlineData("enable.auto.commit", "yes", "true or false")]
    [InlineData("batch.size", "many", "a whole number, at least 1")]
    [InlineData("compression.lz4.level", "18", "from 1 to 17")]
    [InlineData("auto.offset.reset", "by_duration:soon", "ISO 8601")]
    [InlineData("security.protocol", "TLS", "one of PLAINTEXT, SSL")]
    [InlineData("group.protocol", "streams", "one of classic, consumer")]
    [InlineData("partition.assignment.strategy", "range,x.Y", "range, roundrobin, sticky, cooperative-sticky")]
    [InlineData("share.acquire.mode", "all", "one of batch_optimized")]
    [InlineData("retries", "-1", "a whole number, at least 0")]
    public void WrongValue_IsAnError_WithWhatIsWanted(string name, string value, string wanted)
    {
        FormatException error = Assert.Throws<FormatException>(Read((name, value)).Check);
        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongSecret_IsNotTold()
    {
        FormatException error = Assert.Throws<FormatException>(
            Read(("sasl.jaas.config", "X required passwort=geheim;")).Check);
        Assert.DoesNotContain("geheim", error.Message, StringComparison.Ordinal);
        Assert.True(ClientConfiguration.IsSecret("ssl.key.password"));
        Assert.True(ClientConfiguration.IsSecret("Security:Sasl:Password"));
    }

    private static ClientSettings Client() => new() { BootstrapServers = [] };

    private static ShareConsumerOptions Share() => new() { GroupId = "" };

    private static ClientConfiguration Read(params (string Name, string? Value)[] properties) =>
        ClientConfiguration.Read(properties.Select(p => new KeyValuePair<string, string?>(p.Name, p.Value)));

    private static IEnumerable<string[]> Rows(string list)
    {
        string? folder = Repository.Peers is { } peers ? Path.Combine(peers, "..", "protocol", "configs") : null;
        string file = Path.Combine(folder ?? "", string.Create(CultureInfo.InvariantCulture, $"{list}.tsv"));
        if (!File.Exists(file)) Assert.Skip("Kafka's lists of properties (shared/protocol/configs) are not here");
        return File.ReadLines(file).Skip(1).Select(l => l.Split('\t'));
    }
}
