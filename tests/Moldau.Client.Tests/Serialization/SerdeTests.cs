using System.Buffers;
using System.Text;
using System.Text.Json.Serialization;

namespace Moldau.Client.Tests.Serialization;

public sealed partial class SerdeTests
{
    private static readonly SerializationContext Context = new("orders", IsKey: true);

    /// <summary>The bytes are those of Java's serializers of the same types.</summary>
    [Fact]
    public void BuiltIns_WriteWhatJavaWritesAndReadItBack()
    {
        Round(Serde.Utf8, "česky", "C48D65736B79");
        Round(Serde.Int32, -2, "FFFFFFFE");
        Round(Serde.Int64, 1L << 40, "0000010000000000");
        Round(Serde.Double, -1.5, "BFF8000000000000");
        Round(Serde.ByteArray, [1, 2], "0102");
        Guid id = new("0f8fad5b-d9cb-469f-a165-70867728950e");
        Round(Serde.Guid, id, Convert.ToHexString(Encoding.UTF8.GetBytes("0f8fad5b-d9cb-469f-a165-70867728950e")));
        Assert.Equal([7], Serde.Bytes.Deserialize(Write(Serde.Bytes, new byte[] { 7 }), Context).ToArray());
    }

    [Fact]
    public void Json_UsesTheGeneratedContext()
    {
        ISerde<Order> serde = Serde.Json(SerdeJson.Default.Order);
        byte[] bytes = Write(serde, new Order("o-1", 42.10m));
        Assert.Equal("""{"Id":"o-1","Total":42.10}""", Encoding.UTF8.GetString(bytes));
        Assert.Equal(new Order("o-1", 42.10m), serde.Deserialize(bytes, Context));
        Assert.Throws<FormatException>(() => serde.Deserialize("{"u8.ToArray(), Context));
    }

    [Fact]
    public void WrongLength_NamesTopicAndPart()
    {
        var error = Assert.Throws<FormatException>(() => Serde.Int32.Deserialize(new byte[3], Context));
        Assert.Equal("the key of a record of orders has 3 bytes instead of 4", error.Message);
    }

    private static void Round<T>(ISerde<T> serde, T value, string hex)
    {
        byte[] bytes = Write(serde, value);
        Assert.Equal(hex, Convert.ToHexString(bytes));
        Assert.Equal(value, serde.Deserialize(bytes, Context));
    }

    private static byte[] Write<T>(ISerde<T> serde, T value)
    {
        ArrayBufferWriter<byte> writer = new();
        serde.Serialize(value, writer, Context);
        return writer.WrittenSpan.ToArray();
    }

    internal sealed record Order(string Id, decimal Total);

    [JsonSerializable(typeof(Order))]
    internal sealed partial class SerdeJson : JsonSerializerContext;
}
