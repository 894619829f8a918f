using System.Globalization;

namespace Moldau.Cli.Shims;

/// <summary>Options as Kafka's scripts read them: <c>--name value</c>, <c>--name=value</c>, never shortened.</summary>
internal sealed class ShimArguments
{
    private readonly List<(string Name, string Value)> _given = [];

    private readonly bool _takesWords;

    private ShimArguments(bool takesWords) => _takesWords = takesWords;

    /// <summary>The word that says what to do; null where the script has none.</summary>
    public string? Action { get; private set; }

    /// <summary>Words that are no options, of a script that takes them.</summary>
    public List<string> Words { get; } = [];

    public bool IsEmpty => _given.Count == 0 && Action is null && !_takesWords;

    /// <summary>Reads a command line.</summary>
    /// <exception cref="ShimUsageException">An option is unknown or lacks its value.</exception>
    public static ShimArguments Parse(Shim shim, ReadOnlySpan<string> args)
    {
        ShimArguments parsed = new(shim.TakesWords);
        // The library beneath the newer scripts tells in its own words what is wrong.
        bool isNewer = shim.Actions.Count > 0 || shim.TakesWords;
        List<string> known = [.. shim.Options.Split(' ')];
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            if (shim.TakesWords && (!arg.StartsWith('-') || double.TryParse(arg, CultureInfo.InvariantCulture, out _)))
            {
                parsed.Words.Add(arg);
                continue;
            }

            if (shim.TakesWords && arg == "--")
            {
                parsed.Words.AddRange(args[(i + 1)..]);
                break;
            }

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
            string? option = known.Find(k => k.TrimEnd(':', '?') == name)
                ?? throw new ShimUsageException(isNewer ? $"unrecognized arguments: '{arg}'" : $"{name} is not a recognized option");
            if (equals >= 0) parsed._given.Add((name, arg[(equals + 1)..]));
            else if (shim.Lists.Contains(name))
            {
                while (i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal)) parsed._given.Add((name, args[++i]));
            }
            else if (option.EndsWith(':'))
            {
                if (i + 1 >= args.Length)
                    throw new ShimUsageException(isNewer ? $"argument {Flags(shim, name)}: expected one argument" : $"Option {name} requires an argument");
                parsed._given.Add((name, args[++i]));
            }
            else if (option.EndsWith('?') && i + 1 < args.Length && !IsOption(args[i + 1])) parsed._given.Add((name, args[++i]));
            else parsed._given.Add((name, ""));
        }

        return parsed;
    }

    /// <summary>An option as it is told: with its letter.</summary>
    private static string Flags(Shim shim, string name) =>
        shim.Letters.FirstOrDefault(l => l.Value == name).Key is { } letter ? $"--{name}/-{letter}" : $"--{name}";

    /// <summary>A negative number is a value.</summary>
    private static bool IsOption(string arg) => arg.StartsWith('-') && !(arg.Length > 1 && char.IsAsciiDigit(arg[1]));

    public bool Has(string name) => _given.Exists(g => g.Name == name);

    /// <summary>The last value; null where the option is not given.</summary>
    public string? Value(string name) => _given.LastOrDefault(g => g.Name == name).Value;

    public IReadOnlyList<string> Values(string name) => [.. _given.Where(g => g.Name == name).Select(g => g.Value)];

    /// <summary>The values of several options as they follow one another; a flag's is empty.</summary>
    public IEnumerable<string> InOrder(params string[] names) => _given.Where(g => names.Contains(g.Name)).Select(g => g.Value);

    /// <summary>A value that must be given.</summary>
    /// <exception cref="ShimUsageException">It is not.</exception>
    public string Require(string name) => Value(name) ?? throw new ShimUsageException($"Missing required argument \"[{name}]\"");

    /// <summary>An option that cannot be given with others.</summary>
    /// <exception cref="ShimUsageException">It is.</exception>
    public void CheckAlone(string option, params ReadOnlySpan<string> others)
    {
        if (!Has(option)) return;
        foreach (string other in others)
            if (Has(other)) throw new ShimUsageException($"Option \"[{option}]\" can't be used with option \"[{other}]\"");
    }

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
