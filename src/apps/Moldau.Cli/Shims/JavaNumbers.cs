using System.Globalization;

namespace Moldau.Cli.Shims;

/// <summary>Numbers as Java writes them.</summary>
internal static class JavaNumbers
{
    /// <summary>A number with a fraction: <c>1024.0</c>, and from ten millions on <c>1.0E7</c>.</summary>
    public static string Text(double value)
    {
        bool isPlain = value == 0 || Math.Abs(value) is >= 1e-3 and < 1e7;
        if (isPlain) return value.ToString("0.0###############", CultureInfo.InvariantCulture);
        return value.ToString("0.0###############E0", CultureInfo.InvariantCulture);
    }
}
