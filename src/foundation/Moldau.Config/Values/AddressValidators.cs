using System.Globalization;

namespace Moldau.Config;

/// <summary>A list of <c>host:port</c>.</summary>
public sealed class HostPortListValidator : ConfigValidator
{
    public override string? Check(string name, object? value)
    {
        if (value is not string[] list) return ConfigValue.Invalid(name, value, null);
        foreach (string entry in list)
            if (!HostPort.TryParse(entry, out _))
                return $"Failed to parse host name from {entry} for the configuration {name}. "
                    + "Each entry should be in the form \"{host}:{port}\"";
        return null;
    }

    public override string ToString() => "host:port,host:port,...";
}

/// <summary>A list of <c>id@host:port</c>.</summary>
public sealed class VotersValidator : ConfigValidator
{
    public override string? Check(string name, object? value)
    {
        if (value is not string[] list) return ConfigValue.Invalid(name, value, null);
        foreach (string entry in list)
            if (entry.IndexOf('@') <= 0)
                return $"Invalid configuration value for {name}. Each entry should be in the form "
                    + $"`{{id}}@{{host}}:{{port}}`.";
            else if (!QuorumVoter.TryParse(entry, out _))
                return $"Failed to parse host name from entry {entry} for the configuration {name}. "
                    + "Each entry should be in the form `{id}@{host}:{port}`.";
        return null;
    }

    public override string ToString() => "id@host:port,...";
}

/// <summary>Replicas under a replication quota: <c>*</c>, or pairs of partition and broker.</summary>
public sealed class ThrottledReplicasValidator : ConfigValidator
{
    public override string? Check(string name, object? value)
    {
        if (value is not string[] list) return $"Configuration '{name}' values must not be null.";
        if (list is ["*"]) return null;
        foreach (string entry in list)
        {
            int colon = entry.IndexOf(':');
            bool isPair = colon > 0 && colon < entry.Length - 1
                && entry.AsSpan(0, colon).IndexOfAnyExceptInRange('0', '9') < 0
                && entry.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0;
            if (!isPair)
                return ConfigValue.Invalid(name, list, $"{name} must be the literal '*' or a list of "
                    + "replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...");
        }
        return null;
    }

    public override string ToString() => "[partitionId]:[brokerId],[partitionId]:[brokerId],...";
}

/// <summary>Where a share group starts: at either end or at an age.</summary>
public sealed class OffsetResetValidator : ConfigValidator
{
    public override string? Check(string name, object? value)
    {
        const string Prefix = "by_duration:";
        string? text = value as string;
        if (text is "earliest" or "latest") return null;
        if (text is not null && text.StartsWith(Prefix, StringComparison.Ordinal)
            && Iso8601Duration.TryParseMs(text[Prefix.Length..], out long ms) && ms >= 0) return null;
        return ConfigValue.Invalid(name, value, $"Invalid value `{text ?? "null"}` for configuration {name}. The value "
            + "must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.");
    }

    public override string ToString() => "[latest, earliest, by_duration:PnDTnHnMn.nS]";
}

/// <summary>Durations as ISO 8601 writes them, in days, hours, minutes and seconds.</summary>
internal static class Iso8601Duration
{
    public static bool TryParseMs(string text, out long ms)
    {
        ms = 0;
        if (text.Length < 3) return false;
        int sign = text[0] == '-' ? -1 : 1;
        int at = text[0] is '-' or '+' ? 1 : 0;
        if (text[at++] is not ('P' or 'p')) return false;
        const string Order = "DHMS";
        int next = 0;
        bool isTime = false;
        bool any = false;
        decimal total = 0;
        while (at < text.Length)
        {
            if (!isTime && text[at] is 'T' or 't')
            {
                isTime = true;
                next = Math.Max(next, 1);
                at++;
                any = false;
                continue;
            }
            int start = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] is '.' or '-' or '+')) at++;
            if (at == start || at == text.Length || at - start > 18) return false;
            int unit = Order.IndexOf(char.ToUpperInvariant(text[at]), next);
            if (unit < 0 || unit == 0 == isTime) return false;
            if (!decimal.TryParse(text.AsSpan(start, at - start), NumberStyles.AllowLeadingSign
                | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)) return false;
            if (unit != 3 && number != decimal.Truncate(number)) return false;
            total += number * (unit switch { 0 => 86_400_000m, 1 => 3_600_000m, 2 => 60_000m, _ => 1_000m });
            next = unit + 1;
            any = true;
            at++;
        }
        if (!any || Math.Abs(total) > long.MaxValue) return false;
        ms = sign * (long)total;
        return true;
    }
}
