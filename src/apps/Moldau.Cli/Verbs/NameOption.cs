using System.Text.RegularExpressions;
using Moldau.Cli.Parsing;

namespace Moldau.Cli.Verbs;

/// <summary>Names as operands give them: as they are, with <c>*</c> and <c>?</c>, or as regular expressions.</summary>
internal static class NameOption
{
    public static readonly Option AsExpressions = new("--regex", "-r", null, "the names are regular expressions, each of a whole name");

    /// <summary>True where the operands have to be compared with all names that there are.</summary>
    public static bool ArePatterns(CommandContext context) =>
        context.Arguments.Has(AsExpressions.Name) || context.Arguments.Operands.Any(o => o.AsSpan().ContainsAny('*', '?'));

    /// <summary>The names that fit any of the operands, in their own order; an operand that fits none is told to the tally.</summary>
    /// <param name="context">Whose operands they are; without any, all names fit.</param>
    /// <param name="all">The names that there are.</param>
    /// <param name="kind">What they are names of.</param>
    /// <param name="tally">Counts what was not found.</param>
    public static List<string> Choose(CommandContext context, IReadOnlyCollection<string> all, string kind, Tally tally)
    {
        if (context.Arguments.Operands.Count == 0) return [.. all];
        HashSet<string> chosen = new(StringComparer.Ordinal);
        foreach (string operand in context.Arguments.Operands)
        {
            Func<string, bool> fits = Fits(context, operand);
            string[] found = [.. all.Where(fits)];
            if (found.Length == 0) tally.Fail($"no {kind} fits '{operand}'; 'moldau {kind} list' shows what there is", ExitCodes.NotFound);
            chosen.UnionWith(found);
        }

        return [.. all.Where(chosen.Contains)];
    }

    private static Func<string, bool> Fits(CommandContext context, string operand)
    {
        if (!context.Arguments.Has(AsExpressions.Name)) return name => Patterns.Fits(operand, name);
        try
        {
            // Without backtracking no expression takes longer than its names are.
            Regex expression = new($"^(?:{operand})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return expression.IsMatch;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new CommandException($"'{operand}' is no regular expression: {error.Message}", ExitCodes.Usage);
        }
    }
}
