using System.Globalization;

namespace Moldau.Cli.Shims;

/// <summary>Base64 as Java's basic decoder reads it: the padding at the end may be left out, and what is wrong is told in its
/// words.</summary>
internal static class JavaBase64
{
    private const char Padding = '=';

    /// <summary>Bits of a character.</summary>
    private const int Step = 6;

    /// <summary>Characters of a unit, which holds three bytes.</summary>
    private const int Unit = 4;

    /// <exception cref="JavaFailureException">The text is no base64.</exception>
    public static byte[] Decode(string text)
    {
        if (text.Length == 1) throw Wrong("Input byte[] should at least have 2 bytes for base64 bytes");
        int end = text.IndexOf(Padding);
        string digits = end < 0 ? text : text[..end];
        foreach (char c in digits)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '/'))
                throw Wrong("Illegal base64 character " + ((int)c).ToString("x", CultureInfo.InvariantCulture));
        }

        int rest = digits.Length % Unit;
        int next = end < 0 ? text.Length : end + 1;
        if (end >= 0)
        {
            bool hasSecond = next < text.Length && text[next] == Padding;
            if (rest == 0 || (rest == 2 && !hasSecond)) throw Wrong("Input byte array has wrong 4-byte ending unit");
            if (rest == 2) next++;
        }

        if (rest == 1) throw Wrong("Last unit does not have enough valid bits");
        if (next < text.Length) throw Wrong($"Input byte array has incorrect ending byte at {next}");
        return Bytes(digits);
    }

    private static byte[] Bytes(string digits)
    {
        byte[] bytes = new byte[digits.Length * Step / 8];
        int bits = 0;
        int held = 0;
        int written = 0;
        foreach (char c in digits)
        {
            bits = (bits << Step) | Value(c);
            held += Step;
            if (held < 8) continue;
            held -= 8;
            bytes[written++] = (byte)(bits >> held);
            bits &= (1 << held) - 1;
        }

        return bytes;
    }

    private static int Value(char c) => c switch
    {
        >= 'A' and <= 'Z' => c - 'A',
        >= 'a' and <= 'z' => c - 'a' + 26,
        >= '0' and <= '9' => c - '0' + 52,
        '+' => 62,
        _ => 63,
    };

    private static JavaFailureException Wrong(string text) => new("java.lang.IllegalArgumentException", text);
}
