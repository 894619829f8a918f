using System.Text;
using Moldau.Cli.Parsing;

namespace Moldau.Cli;

/// <summary>Says what the verbs are and what each takes.</summary>
internal static class Help
{
    private const int FirstColumn = 31;

    public static string Overview()
    {
        StringBuilder text = new();
        foreach (Command command in CommandLine.Commands.Where(c => !c.IsHidden))
            Row(text, "  moldau " + command.Name, command.Summary);
        text.Append("\nOptions of all of these:\n");
        foreach (Option option in Option.Global) Row(text, "  " + Heading(option), option.Help);
        text.Append("\n'moldau help VERB' says more. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 denied,\n");
        text.Append("5 unreachable or too late, 6 partly done, 7 check failed, 130 interrupted.\n");
        return text.ToString();
    }

    /// <summary>The help of the verb that the words begin with; null where there is none.</summary>
    public static string? Of(IReadOnlyList<string> words) =>
        (words.Count > 1 ? Of($"{words[0]} {words[1]}") : null) ?? Of(words[0]);

    private static string? Of(string name)
    {
        if (CommandLine.Commands.FirstOrDefault(c => c.Name == name) is { } command) return Of(command);
        Command[] several = [.. CommandLine.Commands.Where(c => c.Name.StartsWith(name + " ", StringComparison.Ordinal))];
        if (several.Length == 0) return null;
        StringBuilder text = new();
        foreach (Command one in several) Row(text, $"  moldau {one.Name}", one.Summary);
        return text.ToString();
    }

    private static string Of(Command command)
    {
        StringBuilder text = new();
        text.Append($"moldau {command.Name} {command.Operands}".TrimEnd()).Append("\n\n").Append(command.Summary).Append('\n');
        if (command.Details is { } details) text.Append('\n').Append(details.ReplaceLineEndings("\n")).Append('\n');
        if (command.Options.Count > 0) text.Append('\n');
        foreach (Option option in command.Options) Row(text, "  " + Heading(option), option.Help);
        text.Append("\nOptions of all verbs:\n");
        foreach (Option option in Option.Global) Row(text, "  " + Heading(Unhidden(command, option)), option.Help);
        if (command.Example is { } example) text.Append("\nFor example:\n\n  ").Append(example.ReplaceLineEndings("\n  ")).Append('\n');
        return text.ToString();
    }

    /// <summary>Without a short name that the command's own options take.</summary>
    private static Option Unhidden(Command command, Option option) =>
        command.Options.Any(o => o.Short == option.Short) ? option with { Short = null } : option;

    private static string Heading(Option option) =>
        (option.Short is null ? "    " : option.Short + ", ") + option.Name + (option.IsFlag ? "" : " " + option.Value);

    private static void Row(StringBuilder text, string left, string right)
    {
        text.Append(left.PadRight(FirstColumn));
        if (left.Length >= FirstColumn) text.Append('\n').Append(' ', FirstColumn);
        text.Append("  ").Append(right).Append('\n');
    }
}
