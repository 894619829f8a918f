using System.Globalization;

namespace Moldau.Config;

/// <summary>Turns text into a typed value and back by the rules of Kafka's configuration. A parsed value is a
/// <see cref="bool"/>, <see cref="int"/>, <see cref="short"/>, <see cref="long"/>, <see cref="double"/>,
/// <see cref="string"/>, a <see cref="string"/> array for lists, or null.</summary>
public static class ConfigValue
{
    /// <summary>Parses and validates. The error text is the one a Kafka client sees in INVALID_CONFIG.</summary>
    public static bool TryParse(ConfigKey key, string? text, out object? value, out string? error)
    {
        if (!TryParseType(key.Name, text, key.Type, out value, out error)) return false;
        error = key.Validator?.Check(key.Name, value);
        return error is null;
    }

    /// <summary>Parses without the key's own validator.</summary>
    public static bool TryParseType(string name, string? text, ConfigType type, out object? value, out string? error)
    {
        value = null;
        error = null;
        if (text is null) return true;
        string trimmed = JavaText.Trim(text);
        switch (type)
        {
            case ConfigType.Boolean:
                value = trimmed.Equals("true", StringComparison.OrdinalIgnoreCase) ? true
                    : trimmed.Equals("false", StringComparison.OrdinalIgnoreCase) ? false : null;
                if (value is null) error = Invalid(name, text, "Expected value to be either true or false");
                break;
            case ConfigType.Int:
                value = int.TryParse(trimmed, NumberStyles.AllowLeadingSign, null, out int asInt) ? asInt : null;
                break;
            case ConfigType.Short:
                value = short.TryParse(trimmed, NumberStyles.AllowLeadingSign, null, out short asShort) ? asShort
                    : null;
                break;
            case ConfigType.Long:
                value = long.TryParse(trimmed, NumberStyles.AllowLeadingSign, null, out long asLong) ? asLong : null;
                break;
            case ConfigType.Double:
                value = JavaText.TryParseDouble(trimmed, out double asDouble) ? asDouble : null;
                break;
            case ConfigType.List:
                value = SplitList(trimmed);
                break;
            default:
                value = trimmed;
                break;
        }
        if (value is null && error is null)
            error = Invalid(name, text, "Not a number of type " + type.ToString().ToUpperInvariant());
        return error is null;
    }

    /// <summary>The text that DescribeConfigs shows: numbers as Java prints them, lists joined by commas.</summary>
    public static string? Format(object? value) => value switch
    {
        null => null,
        bool flag => flag ? "true" : "false",
        double number => JavaText.Format(number),
        string[] list => string.Join(',', list),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    internal static string Invalid(string name, object? value, string? reason)
    {
        string shown = value is string[] list ? "[" + string.Join(", ", list) + "]" : Format(value) ?? "null";
        string text = $"Invalid value {shown} for configuration {name}";
        return reason is null ? text : text + ": " + reason;
    }

    private static string[] SplitList(string trimmed)
    {
        if (trimmed.Length == 0) return [];
        string[] parts = trimmed.Split(',');
        for (int i = 0; i < parts.Length; i++) parts[i] = parts[i].Trim(JavaText.RegexSpace);
        return parts;
    }
}
