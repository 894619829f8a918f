using Moldau.Config;

namespace Moldau;

/// <summary>The options and operands of one command, checked against what it knows.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _flags = new(StringComparer.Ordinal);

    private Arguments()
    {
    }

    public List<string> Operands { get; } = [];

    /// <summary>Values of <c>--set name=value</c>, in their order; later ones win.</summary>
    public Dictionary<string, string> Set { get; } = new(StringComparer.Ordinal);

    public static Arguments Parse(string command, string[] args, string[] withValue, string[] flags)
    {
        Arguments parsed = new();
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            if (!arg.StartsWith('-'))
            {
                parsed.Operands.Add(arg);
                continue;
            }

            int equals = arg.StartsWith("--", StringComparison.Ordinal) ? arg.IndexOf('=') : -1;
            string name = equals < 0 ? arg : arg[..equals];
            if (Array.IndexOf(flags, name) >= 0 && equals < 0)
            {
                parsed._flags.Add(name);
                continue;
            }

            bool isSet = name == "--set";
            if (!isSet && Array.IndexOf(withValue, name) < 0)
                throw new CommandException($"'{command}' has no option '{name}'; see 'moldau help'", ExitCodes.Usage);
            if (equals < 0 && i + 1 >= args.Length) throw new CommandException($"option '{name}' needs a value", ExitCodes.Usage);
            string value = equals < 0 ? args[++i] : arg[(equals + 1)..];
            if (!isSet) parsed.Add(name, value);
            else if (ConfigLayers.TryParseFlag(value, out string key, out string setting)) parsed.Set[key] = setting;
            else throw new CommandException($"'--set {value}' is not of the form name=value", ExitCodes.Usage);
        }

        return parsed;
    }

    /// <summary>The last value given under any of the names, or null.</summary>
    public string? Value(params string[] names) => Values(names) is { Count: > 0 } values ? values[^1] : null;

    /// <summary>All values given under the names, for options that may be repeated.</summary>
    public IReadOnlyList<string> Values(params string[] names)
    {
        List<string> values = [];
        foreach (string name in names)
            if (_values.TryGetValue(name, out List<string>? given)) values.AddRange(given);
        return values;
    }

    public bool Has(params string[] names) => names.Any(_flags.Contains);

    private void Add(string name, string value)
    {
        if (!_values.TryGetValue(name, out List<string>? values)) _values.Add(name, values = []);
        values.Add(value);
    }
}
