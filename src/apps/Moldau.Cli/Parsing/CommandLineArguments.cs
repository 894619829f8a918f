namespace Moldau.Cli.Parsing;

/// <summary>The options and operands that were given to a command.</summary>
internal sealed class CommandLineArguments
{
    // A class and loops: what is generic over a value type is compiled anew at each start.
    private readonly List<Given> _values = [];

    private CommandLineArguments()
    {
    }

    public List<string> Operands { get; } = [];

    /// <summary>Reads the arguments of a command.</summary>
    /// <exception cref="CommandException">An option is unknown or lacks its value, or the operands are too many or too
    /// few.</exception>
    public static CommandLineArguments Parse(Command command, ReadOnlySpan<string> args)
    {
        CommandLineArguments parsed = new();
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            if (arg == "--")
            {
                parsed.Operands.AddRange(args[(i + 1)..]);
                break;
            }

            if (!arg.StartsWith('-') || arg == "-")
            {
                parsed.Operands.Add(arg);
                continue;
            }

            Option option = Split(command, arg, out string? value);
            if (option.IsFlag && value is not null)
                throw new CommandException($"option '{option.Name}' takes no value", ExitCodes.Usage);
            if (!option.IsFlag && value is null)
            {
                if (i + 1 >= args.Length) throw new CommandException($"option '{arg}' needs a value: {option.Value}", ExitCodes.Usage);
                value = args[++i];
            }

            parsed._values.Add(new Given(option, value ?? ""));
        }

        parsed.CheckOperands(command);
        return parsed;
    }

    /// <summary>The last value given, or null.</summary>
    public string? Value(string name) => _values.LastOrDefault(v => v.Option.Name == name)?.Value;

    public IReadOnlyList<string> Values(string name) => [.. _values.Where(v => v.Option.Name == name).Select(v => v.Value)];

    public bool Has(string name) => _values.Exists(v => v.Option.Name == name);

    /// <summary>Values of the form <c>name=value</c>; the last one of a name wins.</summary>
    public Dictionary<string, string> Pairs(string name) => Pairs(Values(name), name);

    public static Dictionary<string, string> Pairs(IEnumerable<string> texts, string what)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=');
            if (equals < 1) throw new CommandException($"'{what} {text}' is not of the form name=value", ExitCodes.Usage);
            pairs[text[..equals]] = text[(equals + 1)..];
        }

        return pairs;
    }

    /// <summary>A whole number that is at least so large, or null where the option is not given.</summary>
    public int? Number(string name, int min)
    {
        if (Value(name) is not { } text) return null;
        return Numbers.TryParse(text, out int number) && number >= min
            ? number
            : throw new CommandException($"'{name} {text}' is no whole number from {min} on", ExitCodes.Usage);
    }

    /// <summary><c>--name=value</c>, <c>--name</c>, <c>-n</c> and <c>-nvalue</c>.</summary>
    private static Option Split(Command command, string arg, out string? value)
    {
        bool isLong = arg.StartsWith("--", StringComparison.Ordinal);
        int equals = isLong ? arg.IndexOf('=') : -1;
        string name = equals < 0 ? arg : arg[..equals];
        value = equals < 0 ? null : arg[(equals + 1)..];
        Option? option = command.Find(name);
        if (option is null && !isLong && arg.Length > 2 && command.Find(arg[..2]) is { IsFlag: false } attached)
        {
            value = arg[2..];
            return attached;
        }

        if (option is not null) return option;
        string? near = Nearest.Of(name, command.Options.Concat(Option.Global).Select(o => o.Name));
        string hint = near is null ? $"'moldau help {command.Name}' lists them" : $"did you mean '{near}'?";
        throw new CommandException($"'{command.Name}' has no option '{name}'; {hint}", ExitCodes.Usage);
    }

    private void CheckOperands(Command command)
    {
        // Which fields a verb has does not depend on what it is asked.
        if (Value("--output") == "schema") return;
        string usage = $"usage: moldau {command.Name} {command.Operands}".TrimEnd();
        if (Operands.Count < command.MinOperands)
            throw new CommandException($"'{command.Name}' needs more than that; {usage}", ExitCodes.Usage);
        if (Operands.Count > command.MaxOperands)
            throw new CommandException($"'{command.Name}' takes no '{Operands[command.MaxOperands]}'; {usage}", ExitCodes.Usage);
    }

    private sealed record Given(Option Option, string Value);
}
