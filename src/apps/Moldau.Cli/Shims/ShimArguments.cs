using System.Globalization;

namespace Moldau.Cli.Shims;

/// <summary>Options as Kafka's scripts read them: <c>--name value</c>, <c>--name=value</c>, never shortened.</summary>
internal sealed class ShimArguments
{
    private readonly List<(string Name, string Value)> _given = [];

    /// <summary>It tells what is wrong as the library does that knows actions.</summary>
    private readonly bool _isArgparse;

    private readonly bool _takesWords;

    private ShimArguments(bool isArgparse, bool takesWords) => (_isArgparse, _takesWords) = (isArgparse, takesWords);

    /// <summary>The word that says what to do; null where the script has none.</summary>
    public string? Action { get; private set; }

    /// <summary>Words that are no options, of a script that takes them.</summary>
    public List<string> Words { get; } = [];

    public bool IsEmpty => _given.Count == 0 && Action is null && !_takesWords;

    /// <summary>Reads a command line.</summary>
    /// <exception cref="ShimUsageException">An option is unknown or lacks its value.</exception>
    public static ShimArguments Parse(Shim shim, ReadOnlySpan<string> args)
    {
        bool isArgparse = shim.Actions.Count > 0 || shim.TakesWords || shim.UsageStyle == UsageStyle.OptionsThenText;
        ShimArguments parsed = new(isArgparse, shim.TakesWords);
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
                if (!isArgparse) continue;
                if (parsed.Action is not null || shim.Actions.Count == 0) throw new ShimUsageException($"unrecognized arguments: '{arg}'");
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
                ?? throw new ShimUsageException(isArgparse ? $"unrecognized arguments: '{arg}'" : $"{name} is not a recognized option");
            if (equals >= 0) parsed._given.Add((name, arg[(equals + 1)..]));
            else if (shim.Lists.Contains(name))
            {
                while (i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal)) parsed._given.Add((name, args[++i]));
            }
            else if (option.EndsWith(':'))
            {
                if (i + 1 >= args.Length)
                    throw new ShimUsageException(isArgparse ? $"argument {Flags(shim, name)}: expected one argument" : $"Option {name} requires an argument");
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

    /// <summary>Refuses options beside another.</summary>
    /// <exception cref="ShimUsageException">One of them is given, and the other one too.</exception>
    public void Forbid(string used, params ReadOnlySpan<string> others)
    {
        foreach (string other in others)
        {
            if (Has(used) && Has(other)) throw new ShimUsageException($"Option \"[{used}]\" can't be used with option \"[{other}]\"");
        }
    }

    /// <summary>Refuses an option without one of those that it belongs to.</summary>
    /// <exception cref="ShimUsageException">It is given, and none of them is.</exception>
    public void OnlyWith(string option, params ReadOnlySpan<string> others)
    {
        if (!Has(option)) return;
        foreach (string other in others)
        {
            if (Has(other)) return;
        }

        throw new ShimUsageException($"Option(s) [{option}] are unavailable given other options on the command line");
    }

    /// <summary>A value that must be given, in the words of the scripts that tell of options before what is wrong.</summary>
    /// <exception cref="ShimUsageException">It is not.</exception>
    public string RequireOption(string name) => Value(name) ?? throw new ShimUsageException($"argument --{name} is required");

    /// <summary>A value of a group that may have others.</summary>
    /// <exception cref="ShimUsageException">It is not given.</exception>
    public string RequireGroup(string name) => Value(name) ?? throw new ShimUsageException($"one of the arguments --{name} is required");

    /// <summary>A whole number; null where the option is not given.</summary>
    /// <exception cref="ShimUsageException">It is none.</exception>
    public long? Number(string name) => Value(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number
        : throw new ShimUsageException(NoNumber(name, text, "Long"));

    /// <summary>A whole number of 32 bits; null where the option is not given.</summary>
    /// <exception cref="ShimUsageException">It is none.</exception>
    public int? Integer(string name) => Value(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number
        : throw new ShimUsageException(NoNumber(name, text, "Integer"));

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

    /// <summary>Properties of a client: <c>a=b</c>, or <c>a</c> without a value.</summary>
    public Dictionary<string, string> Properties(params ReadOnlySpan<string> names)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            foreach (string text in Values(name))
            {
                int equals = text.IndexOf('=');
                properties[equals < 0 ? text : text[..equals]] = equals < 0 ? "" : text[(equals + 1)..];
            }
        }

        return properties;
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

    private string NoNumber(string name, string text, string type) => _isArgparse
        ? $"argument --{name}: could not convert '{text}' to {type} (For input string: \"{text}\")"
        : $"Cannot parse argument '{text}' of option {name}";
}
