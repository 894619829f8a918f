using Moldau.TestServers.Wire;


namespace Moldau.Conformance.Tests.Differential.Scenarios;

internal static class ProduceScenarios
{
    public static IEnumerable<Scenario> All() =>
    [
        new("produce", "Produce", (3, 13), run =>
        {
            var id = run.CreateTopic(partitions: 2);
            Produce(run, id, new BatchShape { Values = ["a", "b", "c"], HeaderCount = 2 });
            Produce(run, id, new BatchShape { Key = null, Values = ["d"] });
            Produce(run, id, new BatchShape { Values = [], Count = 0, LastOffsetDelta = 0 });
            Produce(run, id, new BatchShape(), new BatchShape());
            run.Ask(Body(run, id, 0, "", acks: -1));
            run.Ask(Body(run, id, 5, Batches.Hex(new BatchShape()), acks: -1));
            run.Ask(Body(run, id, -1, Batches.Hex(new BatchShape()), acks: -1));
            run.Ask(Body(run, id, 0, Batches.Hex(new BatchShape()), acks: 1));
            run.Ask(Body(run, id, 0, Batches.Hex(new BatchShape()), acks: 2));
            run.Ask(Body(run, id, 0, Batches.Hex(new BatchShape()), acks: -2));
            run.Ask("""{"Acks":-1,"TimeoutMs":1000,"TopicData":[]}""");
        }),
        new("produce-more-in-sync-than-there-are", "Produce", (13, 13), run =>
        {
            var id = run.CreateTopic(configs: """[{"Name":"min.insync.replicas","Value":"2"}]""");
            run.Ask(Body(run, id, 0, Batches.Hex(new BatchShape()), acks: -1));
            run.Ask(Body(run, id, 0, Batches.Hex(new BatchShape()), acks: 1));
        }),
        new("produce-null-records", "Produce", (13, 13), run =>
        {
            var id = run.CreateTopic();
            run.Ask(Body(run, id, 0, null, acks: -1));
        }),
        new("produce-unknown-topic", "Produce", (3, 13), run =>
        {
            run.Ask(Body(run, "EjRWeJASNFZ4kBI0VniQEg", 0, Batches.Hex(new BatchShape()), acks: -1));
            run.Ask(Body(run, "AAAAAAAAAAAAAAAAAAAAAA", 0, Batches.Hex(new BatchShape()), acks: -1));
            run.Ask(Body(run, "EjRWeJASNFZ4kBI0VniQEg", 0, "00", acks: -1));
        }),
        new("produce-batch-wrong", "Produce", (8, 13), run =>
        {
            var id = run.CreateTopic();
            Produce(run, id, new BatchShape { HasWrongCrc = true });
            Produce(run, id, new BatchShape { LengthError = 1 });
            Produce(run, id, new BatchShape { LengthError = -1 });
            Produce(run, id, new BatchShape { BaseOffset = 77 });
            Produce(run, id, new BatchShape { Values = ["a", "b"], LastOffsetDelta = 5 });
            Produce(run, id, new BatchShape { Values = ["a", "b"], LastOffsetDelta = -1 });
            Produce(run, id, new BatchShape { Values = ["a", "b"], Count = 1 });
            Produce(run, id, new BatchShape { Values = ["a", "b"], Count = 3 });
            Produce(run, id, new BatchShape { Values = ["a", "b"], OffsetDeltaStep = 2 });
            Produce(run, id, new BatchShape { Values = ["a", "b"], OffsetDeltaStep = -1 });
            Produce(run, id, new BatchShape { Magic = 3 });
            Produce(run, id, new BatchShape { Magic = -1 });
            Produce(run, id, new BatchShape { TrailingHex = "00" });
            Produce(run, id, new BatchShape { Attributes = 0x07 });
            Produce(run, id, new BatchShape { Attributes = 0x20 });
            Produce(run, id, new BatchShape { Attributes = 0x10 });
            Produce(run, id, new BatchShape { Attributes = 0x40 });
            Produce(run, id, new BatchShape { Attributes = 0x08 });
            run.Ask(Body(run, id, 0, Batches.OldMessageHex(0), acks: -1));
            run.Ask(Body(run, id, 0, Batches.OldMessageHex(1), acks: -1));
            run.Ask(Body(run, id, 0, Batches.Hex(new BatchShape())[..80], acks: -1));
        }),
        new("produce-records-wrong", "Produce", (8, 13), run =>
        {
            var id = run.CreateTopic();
            // A record: length, attributes, timestamp delta, offset delta, key length, value length, header count.
            foreach (var record in new[]
            {
                "0C00000001010000", "0E0000000101FFFFFFFF0F", "0C000000010101", "0C00000001010200", "0C000000FF0100",
                "0C0000000102FFFF", "FFFFFFFF0F000000", "FFFFFFFFFFFFFFFFFFFF01", "0000", "0C80000001010000",
                "0C000000010100", "0C00000001040000",
            })
                Produce(run, id, new BatchShape { RecordsHex = record });
        }),
        new("produce-compressed-wrong", "Produce", (8, 13), run =>
        {
            var id = run.CreateTopic();
            foreach (var codec in new short[] { 1, 2, 3, 4 })
            {
                Produce(run, id, new BatchShape { Attributes = codec, RecordsHex = "0102030405060708" });
                Produce(run, id, new BatchShape { Attributes = codec, RecordsHex = "" });
            }

            // A valid gzip stream of one byte, which is not a record.
            Produce(run, id, new BatchShape
            {
                Attributes = 1, RecordsHex = "1F8B08000000000000036300008DEF02D201000000",
            });
        }),
        new("produce-timestamps", "Produce", (8, 13), run =>
        {
            var id = run.CreateTopic();
            Produce(run, id, new BatchShape { BaseTimestamp = -1 });
            Produce(run, id, new BatchShape { BaseTimestamp = 0 });
            Produce(run, id, new BatchShape { BaseTimestamp = long.MaxValue });
            Produce(run, id, new BatchShape { BaseTimestamp = long.MinValue });
            Produce(run, id, new BatchShape { BaseTimestamp = 4_000_000_000_000 });
            Produce(run, id, new BatchShape { MaxTimestamp = 5 });
            run.CreateTopic("-append", configs: """[{"Name":"message.timestamp.type","Value":"LogAppendTime"}]""");
            run.CreateTopic("-strict", configs: """
                [{"Name":"message.timestamp.before.max.ms","Value":"1000"}]
                """);
            run.Ask(
                "Produce", Named(run, "-append", Batches.Hex(new BatchShape())), version: Math.Min(run.Version, 12));
            run.Ask("Produce", Named(run, "-strict", Batches.Hex(
                new BatchShape { Values = ["a", "b", "c"] })), version: Math.Min(run.Version, 12));
        }),
        new("produce-topic-rules", "Produce", (8, 12), run =>
        {
            run.CreateTopic("-compact", configs: """[{"Name":"cleanup.policy","Value":"compact"}]""");
            run.CreateTopic("-small", configs: """[{"Name":"max.message.bytes","Value":"100"}]""");
            run.CreateTopic("-zstd", configs: """[{"Name":"compression.type","Value":"zstd"}]""");
            run.Ask(Named(run, "-compact", Batches.Hex(new BatchShape { Key = null })));
            run.Ask(Named(run, "-compact", Batches.Hex(new BatchShape { Values = ["a", "b"], Key = null })));
            run.Ask(Named(run, "-compact", Batches.Hex(new BatchShape())));
            run.Ask(Named(run, "-small", Batches.Hex(new BatchShape { Values = [new string('x', 100)] })));
            run.Ask(Named(run, "-small", Batches.Hex(new BatchShape())));
            run.Ask(Named(run, "-zstd", Batches.Hex(new BatchShape { Values = ["a", "b"] })));
            run.Ask("Fetch", FetchScenarios.Body(run.Name + "-zstd", 0, 0), version: 12,
                edit: FetchScenarios.WithoutSizes);
        }),
        new("produce-idempotent", "Produce", (3, 13), run =>
        {
            var id = run.CreateTopic();
            var producer = run.NewProducerId();
            BatchShape At(int sequence, short epoch = 0, int count = 1) => new()
            {
                ProducerId = producer, ProducerEpoch = epoch, BaseSequence = sequence,
                Values = Enumerable.Range(0, count).Select(i => $"{i}").ToArray(),
            };
            Produce(run, id, At(1));
            Produce(run, id, At(0));
            Produce(run, id, At(0));
            Produce(run, id, At(2));
            Produce(run, id, At(1, count: 3));
            Produce(run, id, At(1, count: 3));
            Produce(run, id, At(1, count: 2));
            Produce(run, id, At(4), At(5));
            Produce(run, id, At(0, epoch: 1));
            Produce(run, id, At(9, epoch: 0));
            Produce(run, id, At(3, epoch: 2));
            Produce(run, id, new BatchShape { ProducerId = producer });
            Produce(run, id, new BatchShape { ProducerId = producer, ProducerEpoch = 1, BaseSequence = -1 });
            Produce(run, id, new BatchShape { ProducerId = -1, ProducerEpoch = 0, BaseSequence = 0 });
            Produce(run, id, At(1, epoch: 1) with { Attributes = 0x10 });
        }),
        new("produce-transactional-id", "Produce", (3, 13), run =>
        {
            var id = run.CreateTopic();
            var body = Body(run, id, 0, Batches.Hex(new BatchShape()), acks: -1);
            run.Ask(body.Replace("""{"Acks":""", """{"TransactionalId":"t","Acks":"""));
        }),
        new("init-producer-id", "InitProducerId", (0, 5), run =>
        {
            run.NewProducerId();
            run.Ask("""{"TransactionalId":null,"TransactionTimeoutMs":60000}""");
            run.Ask("""{"TransactionalId":null,"TransactionTimeoutMs":0}""");
            run.Ask("""{"TransactionalId":null,"TransactionTimeoutMs":-1}""");
            run.Ask("""{"TransactionalId":"","TransactionTimeoutMs":60000}""");
            run.Ask("""{"TransactionalId":null,"TransactionTimeoutMs":1,"ProducerId":55,"ProducerEpoch":3}""");
            run.Ask("""{"TransactionalId":null,"TransactionTimeoutMs":1,"ProducerId":55,"ProducerEpoch":-1}""");
        }),
        new("describe-producers", "DescribeProducers", (0, 0), run =>
        {
            run.CreateTopic();
            var producer = run.NewProducerId();
            run.Ask("""{"Topics":[{"Name":"$name","PartitionIndexes":[0]}]}""");
            run.Produce("", new BatchShape { ProducerId = producer, ProducerEpoch = 0, BaseSequence = 0 });
            run.Ask("""{"Topics":[{"Name":"$name","PartitionIndexes":[0,7]}]}""");
            run.Ask("""{"Topics":[{"Name":"$name-unknown","PartitionIndexes":[0]}]}""");
            run.Ask("""{"Topics":[]}""");
        }),
    ];

    public static string Body(ScenarioRun run, string topicId, int partition, string? hex, int acks) =>
        $$"""
        {"Acks":{{acks}},"TimeoutMs":10000,"TopicData":[{"Name":"$name","TopicId":"{{topicId}}","PartitionData":[
         {"Index":{{partition}},"Records":{{(hex is null ? "null" : $"\"{hex}\"")}}}]}]}
        """;

    private static void Produce(ScenarioRun run, string topicId, params BatchShape[] batches) =>
        run.Ask(Body(run, topicId, 0, Batches.Hex(batches), acks: -1));

    private static string Named(ScenarioRun run, string suffix, string hex) =>
        $$"""
        {"Acks":-1,"TimeoutMs":10000,"TopicData":[{"Name":"{{run.Name}}{{suffix}}","PartitionData":[
         {"Index":0,"Records":"{{hex}}"}]}]}
        """;
}
