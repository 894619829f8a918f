namespace Moldau.Config;

/// <summary>Levels that a broker logger may have.</summary>
public static class BrokerLoggerLevels
{
    /// <summary>From quiet to talkative.</summary>
    public static IReadOnlyList<string> All { get; } = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

    /// <summary>The logger that all others inherit from.</summary>
    public const string Root = "root";

    public static bool IsValid(string level) => All.Contains(level, StringComparer.Ordinal);
}
