namespace Moldau.Cli.Records;

/// <summary>The formats of <c>kcat -f</c>, in which other letters mean the same: <c>%s</c> is the value, <c>%T</c> the time.</summary>
internal static class KcatFormat
{
    private const string Fields = "sSRkKTtpoh";

    /// <summary>A printer for a format of kcat's.</summary>
    /// <exception cref="CommandException">It is no such format.</exception>
    public static PercentPrinter Printer(string format) =>
        new(format, [.. PercentFormat.Parse(format, Fields, hasBraces: false).Select(p => p.Field switch
        {
            's' => p with { Field = 'v' },
            'S' => p with { Field = 'V' },
            'R' => p with { Field = 'V', Argument = "big32" },
            'T' => p with { Field = 'd' },
            _ => p,
        })]);
}
