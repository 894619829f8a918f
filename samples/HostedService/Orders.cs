using System.Text.Json.Serialization;
using Moldau.Client;

namespace HostedService;

/// <summary>Somebody wants something.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Card">Who pays.</param>
/// <param name="Total">How much, in euros.</param>
internal sealed record Order(string Id, string Card, decimal Total);

[JsonSerializable(typeof(Order))]
internal sealed partial class ShopJson : JsonSerializerContext;

internal static class Topics
{
    public static Topic<string, Order> Orders { get; } = new("shop-orders", Serde.Utf8, Serde.Json(ShopJson.Default.Order));

    public static Topic<string, Order> DeadOrders { get; } = new("shop-orders.dlq", Serde.Utf8, Serde.Json(ShopJson.Default.Order));
}
