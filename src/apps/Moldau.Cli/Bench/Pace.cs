using System.Diagnostics;
using System.Globalization;

namespace Moldau.Cli.Bench;

/// <summary>So many a second, in the long run: what was late is made up for.</summary>
internal sealed class Pace
{
    private readonly double _perSecond;
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _done;

    /// <param name="perSecond">0: as fast as it goes.</param>
    public Pace(double perSecond) => _perSecond = perSecond;

    /// <summary>When the next one is due, in ticks of the stopwatch: an open loop measures from there, so that waiting for a
    /// slow server counts.</summary>
    public long Due => _perSecond <= 0 ? Stopwatch.GetTimestamp() : _began + (long)(_done / _perSecond * Stopwatch.Frequency);

    /// <summary>Waits until the next one is due.</summary>
    public async ValueTask NextAsync(CancellationToken cancel)
    {
        const long Fine = 1;
        if (_perSecond > 0)
        {
            long waitMs = (Due - Stopwatch.GetTimestamp()) * 1000 / Stopwatch.Frequency;
            if (waitMs >= Fine) await Task.Delay((int)Math.Min(waitMs, 1000), cancel).ConfigureAwait(false);
            while (Due - Stopwatch.GetTimestamp() > Stopwatch.Frequency / 1000 * Fine) await Task.Delay(1, cancel).ConfigureAwait(false);
        }

        _done++;
    }

    /// <summary>A rate such as <c>1000</c>, <c>1k/s</c>, <c>2.5M</c>, <c>30/m</c>.</summary>
    public static bool TryParse(string text, out double perSecond)
    {
        perSecond = 0;
        double seconds = 1;
        int slash = text.IndexOf('/');
        if (slash >= 0)
        {
            seconds = text[(slash + 1)..] switch
            {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => 0,
            };
            text = text[..slash];
        }

        double unit = text.Length == 0 ? 0 : char.ToLowerInvariant(text[^1]) switch
        {
            'k' => 1e3,
            'm' => 1e6,
            _ => 1,
        };
        if (unit > 1) text = text[..^1];
        bool isNumber = double.TryParse(
            text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        if (!isNumber || number <= 0 || seconds == 0 || unit == 0) return false;
        perSecond = number * unit / seconds;
        return true;
    }

    /// <summary>The rate of an option; 0 where it is not given.</summary>
    /// <exception cref="CommandException">It is no rate.</exception>
    public static double Of(CommandContext context, string option)
    {
        if (context.Arguments.Value(option) is not { } text) return 0;
        return TryParse(text, out double perSecond)
            ? perSecond
            : throw new CommandException($"'{option} {text}' is no rate; write 1000, 1k/s or 30/m", ExitCodes.Usage);
    }
}
