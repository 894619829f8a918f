namespace Moldau.Client;

/// <summary>Times that others sent. A producer or a broker may say any number; the calendar ends with the year 9999.</summary>
internal static class UnixTime
{
    /// <summary>The moment, or the calendar's nearest end.</summary>
    public static DateTimeOffset Of(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(ms, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
