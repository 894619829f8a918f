using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Moldau.Cli.Shims;

/// <summary>Bytes that a deserializer of Kafka's does not take, told as the script tells it.</summary>
internal sealed class ShimDeserializationException(string message) : Exception(message);

/// <summary>What Kafka's own deserializers make of bytes, in the words that Java has for the result.</summary>
internal static class JavaDeserializers
{
    private const string Package = "org.apache.kafka.common.serialization.";
    private const double SmallestPlain = 1e-3;
    private const double LargestPlain = 1e7;

    /// <summary>The text of a value of that class; null for text and bytes, which are shown as they are.</summary>
    /// <exception cref="ShimUsageException">There is no such class here.</exception>
    public static Func<ReadOnlyMemory<byte>, string>? Of(string? className)
    {
        if (className is null) return null;
        string name = className.StartsWith(Package, StringComparison.Ordinal) ? className[Package.Length..] : className;
        return name switch
        {
            "StringDeserializer" or "ByteArrayDeserializer" => null,
            "LongDeserializer" => b => $"{BinaryPrimitives.ReadInt64BigEndian(Sized(b, 8, name))}",
            "IntegerDeserializer" => b => $"{BinaryPrimitives.ReadInt32BigEndian(Sized(b, 4, name))}",
            "ShortDeserializer" => b => $"{BinaryPrimitives.ReadInt16BigEndian(Sized(b, 2, name))}",
            "DoubleDeserializer" => b => Text(BinaryPrimitives.ReadDoubleBigEndian(Sized(b, 8, name)), isFloat: false),
            "FloatDeserializer" => b => Text(BinaryPrimitives.ReadSingleBigEndian(Sized(b, 4, name)), isFloat: true),
            "BooleanDeserializer" => b => Sized(b, 1, name)[0] switch
            {
                1 => "true",
                0 => "false",
                byte other => throw new ShimDeserializationException($"Unexpected byte received by BooleanDeserializer: {(sbyte)other}"),
            },
            "UUIDDeserializer" => b => Guid.TryParseExact(Encoding.UTF8.GetString(b.Span), "D", out Guid id)
                ? id.ToString("D")
                : throw new ShimDeserializationException("Error parsing data into UUID"),
            _ => throw new ShimUsageException(className),
        };
    }

    private static ReadOnlySpan<byte> Sized(ReadOnlyMemory<byte> bytes, int size, string name)
    {
        if (bytes.Length == size) return bytes.Span;
        throw new ShimDeserializationException($"Size of data received by {name} is not {size}");
    }

    /// <summary>As Java writes it: always with a fraction, and with an exponent below a thousandth and from ten millions on.</summary>
    public static string Text(double value, bool isFloat)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "Infinity" : "-Infinity";
        double size = Math.Abs(value);
        if (size == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        // The shortest digits that mean the value, and where the point is.
        string digits = isFloat ? ((float)value).ToString("E8", CultureInfo.InvariantCulture) : value.ToString("E16", CultureInfo.InvariantCulture);
        int exponent = int.Parse(digits[(digits.IndexOf('E') + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string shortest = isFloat ? ((float)value).ToString("R", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture);
        string mantissa = new([.. shortest.TakeWhile(c => c != 'E').Where(char.IsAsciiDigit)]);
        mantissa = mantissa.TrimStart('0').TrimEnd('0');
        string sign = value < 0 ? "-" : "";
        if (size >= SmallestPlain && size < LargestPlain)
        {
            string plain = exponent < 0
                ? $"0.{new string('0', -exponent - 1)}{mantissa}"
                : mantissa.PadRight(exponent + 1, '0').Insert(exponent + 1, ".");
            return sign + (plain.EndsWith('.') ? plain + "0" : plain);
        }

        return $"{sign}{mantissa[0]}.{(mantissa.Length > 1 ? mantissa[1..] : "0")}E{exponent}";
    }
}
