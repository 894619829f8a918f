using System.Globalization;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Dev;

/// <summary>A stream of orders, so that there is something to look at: topic <c>orders</c>, JSON by order id, a few a second.
/// It is an ordinary client of the node in the same process.</summary>
internal sealed class DemoOrders : IDisposable
{
    public const string Topic = "orders";

    private const int Partitions = 6;
    private const int AtOnce = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly string[] Countries = ["DE", "CZ", "AT", "FR", "NL", "PL", "IT", "SE"];

    private static readonly (string Sku, string Name, int Cents)[] Goods =
    [
        ("B-100", "notebook", 349), ("B-200", "fountain pen", 2490), ("K-010", "tea pot", 3990), ("K-020", "cup", 890),
        ("H-001", "umbrella", 1995), ("H-002", "lantern", 4250), ("G-500", "garden chair", 7900), ("G-510", "rain barrel", 11900),
    ];

    private readonly CancellationTokenSource _stop = new();
    private readonly Random _random = new();
    private MoldauClient? _client;
    private long _number = DateTimeOffset.UtcNow.ToUnixTimeSeconds() * 100;

    /// <summary>Makes the topic, writes the first orders and goes on in the background.</summary>
    /// <param name="bootstrap">The node.</param>
    /// <exception cref="MoldauException">The node does not take them.</exception>
    public void Start(string bootstrap)
    {
        _client = new MoldauClient(bootstrap);
        using CancellationTokenSource limit = new(Patience);
        Producer producer = BeginAsync(_client, limit.Token).GetAwaiter().GetResult();
        _ = GoOnAsync(producer);
    }

    /// <summary>Ends the stream. What is still under way is left: the process ends with it.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task<Producer> BeginAsync(MoldauClient client, CancellationToken cancel)
    {
        var made = await client.Admin.CreateTopicsAsync([new NewTopic(Topic, Partitions)], false, cancel).ConfigureAwait(false);
        if (made[Topic] is { } error && error.Code != ErrorCode.TopicAlreadyExists) throw new MoldauException(error);
        Producer producer = client.CreateProducer();
        for (int i = 0; i < AtOnce; i++) await SendAsync(producer, cancel).ConfigureAwait(false);
        await producer.FlushAsync(cancel).ConfigureAwait(false);
        return producer;
    }

    private async Task GoOnAsync(Producer producer)
    {
        try
        {
            using PeriodicTimer timer = new(Pause);
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                await SendAsync(producer, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or MoldauException or ObjectDisposedException)
        {
            // The node has ended, and the stream with it.
        }
    }

    private ValueTask SendAsync(Producer producer, CancellationToken cancel)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"o-{++_number}");
        byte[] key = System.Text.Encoding.UTF8.GetBytes(id);
        return producer.EnqueueAsync(Topic, key, System.Text.Encoding.UTF8.GetBytes(Order(id)), cancel);
    }

    private string Order(string id)
    {
        int kinds = 1 + _random.Next(3);
        long total = 0;
        List<string> items = [];
        foreach ((string sku, string name, int cents) in _random.GetItems(Goods, kinds).Distinct())
        {
            int quantity = 1 + _random.Next(3);
            total += (long)cents * quantity;
            items.Add($$"""{"sku":"{{sku}}","name":"{{name}}","quantity":{{quantity}},"price":{{Euros(cents)}}}""");
        }

        string at = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        return $$"""{"orderId":"{{id}}","customer":"c-{{1 + _random.Next(200)}}","country":"{{Countries[_random.Next(Countries.Length)]}}","items":"""
            + $$"""[{{string.Join(',', items)}}],"total":{{Euros(total)}},"currency":"EUR","at":"{{at}}"}""";
    }

    private static string Euros(long cents) => (cents / 100m).ToString("0.00", CultureInfo.InvariantCulture);
}
