using Microsoft.Extensions.Hosting;
using Moldau.Client.Hosting;

namespace HostedService;

/// <summary>Takes the money.</summary>
internal sealed class PaymentHandler : IRecordHandler<string, Order>
{
    public ValueTask HandleAsync(RecordContext<string, Order> record, CancellationToken cancel)
    {
        Order order = record.Value ?? throw new FormatException("an order is no tombstone");
        if (order.Card == "0000") throw new InvalidOperationException("the card is refused");
        Console.WriteLine($"paid {order.Id}: {order.Total} EUR");
        return default;
    }
}

/// <summary>Tells of what was given up.</summary>
internal sealed class DeadLetterHandler : IRecordHandler<string, Order>
{
    public ValueTask HandleAsync(RecordContext<string, Order> record, CancellationToken cancel)
    {
        string why = System.Text.Encoding.UTF8.GetString(record.Headers.Single(h => h.Key == ErrorHeaders.Message).Value!);
        Console.WriteLine($"given up {record.Value!.Id}: {why}");
        return default;
    }
}

/// <summary>Has customers.</summary>
internal sealed class Shop(IProducer<string, Order> orders) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (int i = 1; i <= 5; i++)
        {
            Order order = new($"o-{i}", i == 3 ? "0000" : $"{1000 + i}", 9.99m * i);
            await orders.SendAsync(order.Id, order, stoppingToken);
        }
    }
}
