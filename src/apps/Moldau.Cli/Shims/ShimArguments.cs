using System.Globalization;

namespace Moldau.Cli.Shims;

/// <summary>Options as Kafka's scripts read them: <c>--name value</c>, <c>--name=value</c>, never shortened.</summary>
internal sealed class ShimArguments
{
    private readonly List<(string Name, string Value)> _given = [];

    private ShimArguments()
    {
    }

    /// <summary>The word that says what to do; null where the script has none.</summary>
    public string? Action { get; private set; }

    public bool IsEmpty => _given.Count == 0 && Action is null;

    /// <summary>Reads a command line.</summary>
    /// <exception cref="ShimUsageException">An option is unknown or lacks its value.</exception>
    public static ShimArguments Parse(Shim shim, ReadOnlySpan<string> args)
    {
        ShimArguments parsed = new();
        List<string> known = [.. shim.Options.Split(' ')];
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            if (!arg.StartsWith('-'))
            {
                if (shim.Actions.Count == 0) continue;
                if (parsed.Action is not null) throw new ShimUsageException($"unrecognized arguments: '{arg}'");
                if (!shim.Actions.Contains(arg))
                    throw new ShimUsageException($"invalid choice: '{arg}' (choose from {string.Join(", ", shim.Actions.Select(a => $"'{a}'"))})");
                parsed.Action = arg;
                if (shim.ActionOptions.TryGetValue(arg, out string? more)) known.AddRange(more.Split(' '));
                continue;
            }

            int equals = arg.IndexOf('=');
            string name = (equals < 0 ? arg : arg[..equals]).TrimStart('-');
            if (shim.Letters.TryGetValue(name, out string? whole)) name = whole;
            string? option = known.Find(k => k.TrimEnd(':', '?') == name) ?? Shortened(shim, known, ref name)
                ?? throw new ShimUsageException(shim.Actions.Count > 0 ? $"unrecognized arguments: '{arg}'" : $"{name} is not a recognized option");
            if (equals >= 0) parsed._given.Add((name, arg[(equals + 1)..]));
            else if (shim.Lists.Contains(name))
            {
                while (i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal)) parsed._given.Add((name, args[++i]));
            }
            else if (option.EndsWith(':'))
            {
                if (i + 1 >= args.Length)
                    throw new ShimUsageException(shim.Actions.Count > 0 ? $"argument --{name}: expected one argument" : $"Option {name} requires an argument");
                parsed._given.Add((name, args[++i]));
            }
            else if (option.EndsWith('?') && i + 1 < args.Length && !args[i + 1].StartsWith('-')) parsed._given.Add((name, args[++i]));
            else parsed._given.Add((name, ""));
        }

        return parsed;
    }

    /// <summary>The scripts with actions take the beginning of an option's name where no other option begins so.</summary>
    private static string? Shortened(Shim shim, List<string> known, ref string name)
    {
        string beginning = name;
        List<string> candidates = shim.Actions.Count > 0 && name.Length > 0
            ? known.FindAll(k => k.TrimEnd(':', '?').Length > 1 && k.StartsWith(beginning, StringComparison.Ordinal))
            : [];
        if (candidates.Count > 1)
        {
            throw new ShimUsageException(
                $"ambiguous option: --{name} could match {string.Join(", ", candidates.Select(c => $"--{c.TrimEnd(':', '?')}").Order(StringComparer.Ordinal))}");
        }

        if (candidates.Count == 1) name = candidates[0].TrimEnd(':', '?');
        return candidates.FirstOrDefault();
    }

    public bool Has(string name) => _given.Exists(g => g.Name == name);

    /// <summary>The last value; null where the option is not given.</summary>
    public string? Value(string name) => _given.LastOrDefault(g => g.Name == name).Value;

    public IReadOnlyList<string> Values(string name) => [.. _given.Where(g => g.Name == name).Select(g => g.Value)];

    /// <summary>The values of several options as they follow one another; a flag's is empty.</summary>
    public IEnumerable<string> InOrder(params string[] names) => _given.Where(g => names.Contains(g.Name)).Select(g => g.Value);

    /// <summary>A value that must be given.</summary>
    /// <exception cref="ShimUsageException">It is not.</exception>
    public string Require(string name) => Value(name) ?? throw new ShimUsageException($"Missing required argument \"[{name}]\"");

    /// <summary>A whole number; null where the option is not given.</summary>
    /// <exception cref="ShimUsageException">It is none.</exception>
    public long? Number(string name)
    {
        if (Value(name) is not { } text) return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new ShimUsageException($"Cannot parse argument '{text}' of option {name}");
    }

    /// <summary><c>a=b</c> pairs, also several with commas between them, where brackets keep commas together.</summary>
    public static Dictionary<string, string> Pairs(IEnumerable<string> texts)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=');
            if (equals < 1) throw new ShimUsageException($"requirement failed: Invalid entity config: all configs to be added must be in the format \"key=val\".");
            pairs[text[..equals]] = text[(equals + 1)..];
        }

        return pairs;
    }

    /// <summary>Parts between commas; those within brackets belong together.</summary>
    public static IEnumerable<string> Split(string text)
    {
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] == '[') depth++;
            if (i < text.Length && text[i] == ']') depth--;
            if (i < text.Length && (text[i] != ',' || depth > 0)) continue;
            string part = text[start..i].Trim();
            if (part.Length > 0) yield return part;
            start = i + 1;
        }
    }
}
