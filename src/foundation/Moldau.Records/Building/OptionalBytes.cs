using System.Text;

namespace Moldau.Records;

/// <summary>Bytes of a key or a value, where null and empty differ. A null array converts to null.</summary>
public readonly ref struct OptionalBytes
{
    private readonly bool _isPresent;

    public OptionalBytes(ReadOnlySpan<byte> span)
    {
        Span = span;
        _isPresent = true;
    }

    public static OptionalBytes Null => default;

    public ReadOnlySpan<byte> Span { get; }

    public bool IsNull => !_isPresent;

    public static implicit operator OptionalBytes(ReadOnlySpan<byte> bytes) => new(bytes);

    public static implicit operator OptionalBytes(Span<byte> bytes) => new(bytes);

    public static implicit operator OptionalBytes(byte[]? bytes) => bytes is null ? default : new(bytes);

    public static implicit operator OptionalBytes(ReadOnlyMemory<byte>? bytes) =>
        bytes is null ? default : new(bytes.Value.Span);
}

/// <summary>A header to write: key in UTF-8, value null or not.</summary>
public readonly record struct RecordHeader(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? Value)
{
    public RecordHeader(string key, byte[]? value)
        : this(Encoding.UTF8.GetBytes(key), value is null ? default(ReadOnlyMemory<byte>?) : value.AsMemory())
    {
    }
}
