using Moldau.Client;

await using var client = new MoldauClient(args is [var servers, ..] ? servers : "localhost:9092");
var orders = new Topic<string, string>("orders", Serde.Utf8, Serde.Utf8);

await using var producer = client.CreateProducer();
var written = await producer.SendAsync(orders, "o-1", "42.10 EUR");
Console.WriteLine($"written to {written.Topic} at offset {written.Offset}");

await using var consumer = client.CreateConsumer(
    orders, new() { GroupId = "quick-start", OffsetReset = OffsetReset.Earliest });
await foreach (var record in consumer.ReadAllAsync())
{
    Console.WriteLine($"read {record.Key} = {record.Value}");
    break;
}
