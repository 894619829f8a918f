using System.Globalization;

namespace Moldau.Config;

/// <summary>A rule on one value. <see cref="Check"/> gives the text of the violation or null, and
/// <see cref="object.ToString"/> says in documentation what is allowed.</summary>
public abstract class ConfigValidator
{
    public abstract string? Check(string name, object? value);
}

/// <summary>Numbers between two bounds, both included and both optional.</summary>
public sealed class RangeValidator(string? min, string? max) : ConfigValidator
{
    private readonly double _min = min is null ? double.NegativeInfinity
        : double.Parse(min, CultureInfo.InvariantCulture);
    private readonly double _max = max is null ? double.PositiveInfinity
        : double.Parse(max, CultureInfo.InvariantCulture);

    public override string? Check(string name, object? value)
    {
        if (value is null) return ConfigValue.Invalid(name, null, "Value must be non-null");
        double number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        if (number < _min) return ConfigValue.Invalid(name, value, "Value must be at least " + min);
        return number > _max ? ConfigValue.Invalid(name, value, "Value must be no more than " + max) : null;
    }

    public override string ToString() => max is null ? $"[{min},...]" : $"[{min},...,{max}]";
}

/// <summary>Compression levels of gzip: the usual ones, or -1 for the library's own choice.</summary>
public sealed class GzipLevelValidator : ConfigValidator
{
    public override string? Check(string name, object? value) => value switch
    {
        null => ConfigValue.Invalid(name, null, "Value must be non-null"),
        int and (-1 or >= 1 and <= 9) => null,
        _ => ConfigValue.Invalid(name, value, "Value must be between 1 and 9 or equal to -1"),
    };

    public override string ToString() => "[1,...,9] or -1";
}

/// <summary>One of a few words.</summary>
public sealed class OneOfValidator(bool ignoreCase, params string[] words) : ConfigValidator
{
    public override string? Check(string name, object? value)
    {
        StringComparison comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        foreach (string word in words)
            if (value is string text && text.Equals(word, comparison))
                return null;
        string hint = ignoreCase ? "String must be one of (case insensitive): " : "String must be one of: ";
        return ConfigValue.Invalid(name, value, hint + string.Join(", ", words));
    }

    public override string ToString() =>
        (ignoreCase ? "(case insensitive) [" : "[") + string.Join(", ", words) + "]";
}

/// <summary>Text that has to be there, though it may be blank.</summary>
public sealed class NonNullValidator : ConfigValidator
{
    public override string? Check(string name, object? value) =>
        value is null ? ConfigValue.Invalid(name, "null", "entry must be non null") : null;

    public override string ToString() => "non-null string";
}

/// <summary>Text that may be absent but not blank.</summary>
public sealed class NonEmptyValidator : ConfigValidator
{
    public override string? Check(string name, object? value) =>
        value is "" ? ConfigValue.Invalid(name, value, "String must be non-empty") : null;

    public override string ToString() => "non-empty string";
}

/// <summary>Lists without blanks and without repetition, perhaps of a few known words only.</summary>
public sealed class ListValidator(bool mayBeEmpty, bool mayBeNull, params string[] words) : ConfigValidator
{
    private string Wanted => words.Length == 0 ? "any non-empty value" : "[" + string.Join(", ", words) + "]";

    public override string? Check(string name, object? value)
    {
        if (value is not string[] list)
            return mayBeNull ? null : $"Configuration '{name}' values must not be null.";
        if (list.Length == 0)
            return mayBeEmpty ? null
                : $"Configuration '{name}' must not be empty. Valid values include: {Wanted}";
        if (new HashSet<string>(list, StringComparer.Ordinal).Count != list.Length)
            return $"Configuration '{name}' values must not be duplicated.";
        foreach (string item in list)
        {
            if (words.Length > 0 && Array.IndexOf(words, item) < 0)
                return ConfigValue.Invalid(name, item, "String must be one of: " + string.Join(", ", words));
            if (item.Length == 0) return $"Configuration '{name}' values must not be empty.";
        }
        return null;
    }

    public override string ToString() => words.Length == 0
        ? mayBeEmpty ? "list without repetition" : "non-empty list without repetition"
        : "[" + string.Join(", ", words) + "]";
}
