using System.Text.RegularExpressions;

namespace Moldau.Config;

/// <summary>What a client metrics subscription may say.</summary>
internal static class ClientMetricsRules
{
    private const int MinIntervalMs = 100;
    private const int MaxIntervalMs = 3_600_000;

    private static readonly string[] Selectors =
    [
        "client_instance_id", "client_id", "client_software_name", "client_software_version", "client_source_address",
        "client_source_port",
    ];

    public static ConfigErrorKind Check(string name, IReadOnlyDictionary<string, string> values, out string? message)
    {
        message = null;
        if (name.Length == 0)
        {
            message = "Subscription name can't be empty";
            return ConfigErrorKind.InvalidRequest;
        }
        foreach (string property in values.Keys)
        {
            if (ClientMetricsConfigTable.Table.Find(property) is not null) continue;
            message = "Unknown client metrics configuration: " + property;
            return ConfigErrorKind.InvalidRequest;
        }
        if (values.TryGetValue("interval.ms", out string? interval))
        {
            if (!ConfigValue.TryParseType("interval.ms", interval, ConfigType.Int, out object? parsed, out message))
                return ConfigErrorKind.InvalidConfig;
            if ((int)parsed! is < MinIntervalMs or > MaxIntervalMs)
            {
                message = $"Invalid value {parsed} for interval.ms, interval must be between 100 and 3600000 (1 hour)";
                return ConfigErrorKind.InvalidRequest;
            }
        }
        ConfigValue.TryParseType("match", values.GetValueOrDefault("match", ""), ConfigType.List, out object? match,
            out _);
        foreach (string pattern in (string[])match!)
        {
            if (IsLegal(pattern)) continue;
            message = "Illegal client matching pattern: " + pattern;
            return ConfigErrorKind.InvalidConfig;
        }
        return ConfigErrorKind.None;
    }

    private static bool IsLegal(string pattern)
    {
        string[] parts = pattern.Split('=');
        if (parts.Length != 2 || Array.IndexOf(Selectors, parts[0].Trim()) < 0) return false;
        try
        {
            _ = new Regex(parts[1].Trim());
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
