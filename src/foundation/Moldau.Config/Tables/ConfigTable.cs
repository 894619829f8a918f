using System.Collections.Frozen;

namespace Moldau.Config;

/// <summary>All properties of one scope, sorted by name.</summary>
public sealed class ConfigTable
{
    private readonly FrozenDictionary<string, ConfigKey> _byName;

    public ConfigTable(string title, params ConfigKey[][] parts)
    {
        Title = title;
        List<ConfigKey> keys = [];
        foreach (ConfigKey[] part in parts) keys.AddRange(part);
        keys.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        Keys = keys;
        _byName = keys.ToFrozenDictionary(static key => key.Name, StringComparer.Ordinal);
    }

    public string Title { get; }

    public IReadOnlyList<ConfigKey> Keys { get; }

    public ConfigKey? Find(string name) => _byName.GetValueOrDefault(name);

    public ConfigKey this[string name] => _byName[name];

    /// <summary>Parses what is set and fills in the defaults. Every violation is added to <paramref name="errors"/>;
    /// names that the table does not have are passed over.</summary>
    public ConfigValues Parse(IReadOnlyDictionary<string, string> set, ICollection<string> errors)
    {
        Dictionary<string, object?> values = new(Keys.Count, StringComparer.Ordinal);
        foreach (ConfigKey key in Keys)
        {
            bool isSet = set.TryGetValue(key.Name, out string? text);
            if (!isSet && key.Required)
                errors.Add($"Missing required configuration \"{key.Name}\" which has no default value.");
            else if (!isSet && key.Default is null)
                values[key.Name] = null;
            else if (ConfigValue.TryParse(key, isSet ? text : key.Default, out object? value, out string? error))
                values[key.Name] = value;
            else
                errors.Add(error!);
        }
        return new ConfigValues(values);
    }
}

/// <summary>Parsed values by name, with typed access. Asking for a name that is not in the table is a bug.</summary>
public sealed class ConfigValues(IReadOnlyDictionary<string, object?> values)
{
    public object? this[string name] => values[name];

    public bool Bool(string name) => (bool)values[name]!;

    public int Int(string name) => (int)values[name]!;

    public short Short(string name) => (short)values[name]!;

    public long Long(string name) => (long)values[name]!;

    public double Double(string name) => (double)values[name]!;

    public string String(string name) => (string)values[name]!;

    public IReadOnlyList<string> List(string name) => (string[])values[name]!;

    public int? IntOrNull(string name) => (int?)values[name];

    public long? LongOrNull(string name) => (long?)values[name];

    public string? StringOrNull(string name) => (string?)values[name];

    public IReadOnlyList<string>? ListOrNull(string name) => (string[]?)values[name];
}
