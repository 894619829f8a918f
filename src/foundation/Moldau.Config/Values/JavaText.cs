using System.Globalization;

namespace Moldau.Config;

/// <summary>Java's ideas of blank characters and of floating-point text, where they differ from those of
/// .NET.</summary>
internal static class JavaText
{
    /// <summary>What <c>\s</c> matches in a Java pattern.</summary>
    public static readonly char[] RegexSpace = [' ', '\t', '\n', '\v', '\f', '\r'];

    /// <summary>Java's trim removes every character up to and including the blank, and nothing else.</summary>
    public static string Trim(string text)
    {
        int start = 0;
        int end = text.Length;
        while (start < end && text[start] <= ' ') start++;
        while (end > start && text[end - 1] <= ' ') end--;
        return text[start..end];
    }

    public static bool TryParseDouble(string text, out double value)
    {
        value = 0;
        if (text.Length == 0) return false;
        ReadOnlySpan<char> digits = text;
        bool isNegative = digits[0] == '-';
        ReadOnlySpan<char> unsigned = digits[0] is '-' or '+' ? digits[1..] : digits;
        if (unsigned is "NaN" or "Infinity")
        {
            value = unsigned[0] == 'N' ? double.NaN
                : isNegative ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }
        if (unsigned.Length == 0 || !(char.IsAsciiDigit(unsigned[0]) || unsigned[0] == '.')) return false;
        if (digits[^1] is 'f' or 'F' or 'd' or 'D') digits = digits[..^1];
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint
            | NumberStyles.AllowExponent;
        return double.TryParse(digits, Style, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Plain digits from 0.001 up to ten million, otherwise one digit, a fraction and an exponent.</summary>
    public static string Format(double value)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "Infinity" : "-Infinity";
        double size = Math.Abs(value);
        if (size == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        if (size is >= 1e-3 and < 1e7)
        {
            string plain = ((decimal)value == (decimal)Math.Truncate(value) && value == Math.Truncate(value))
                ? value.ToString("F1", CultureInfo.InvariantCulture)
                : value.ToString("0.0#################", CultureInfo.InvariantCulture);
            return plain;
        }
        string text = value.ToString("E16", CultureInfo.InvariantCulture);
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        return Scientific(shortest, int.Parse(text[(text.IndexOf('E') + 1)..], CultureInfo.InvariantCulture));
    }

    private static string Scientific(string shortest, int exponent)
    {
        string sign = shortest[0] == '-' ? "-" : "";
        int e = shortest.IndexOf('E');
        string digits = (e < 0 ? shortest : shortest[..e]).TrimStart('-').Replace(".", "");
        string mantissa = digits.Trim('0');
        string fraction = mantissa.Length > 1 ? mantissa[1..] : "0";
        return $"{sign}{mantissa[0]}.{fraction}E{exponent}";
    }
}
