using System.Text;
using Moldau.Base;
using Moldau.Cli;
using Moldau.Cli.Parsing;
using Moldau.Cli.Shims;
using Moldau.Cli.Verbs;

namespace Moldau.Fuzz;

/// <summary>Command lines: one argument a line; the first byte chooses the verb or the script.</summary>
internal sealed class ArgumentsTarget : FuzzTarget
{
    private static readonly Command[] Verbs = [.. CommandLine.Commands];

    private static readonly string[] Words =
    [
        "--", "-", "-o", "json", "--output", "schema", "--set", "a=b", "-5h", "10s", "2147483647d", "-2147483647d", "2026-01-01", "0", "-1", "9223372036854775807",
        "99999999999999999999", "alpha", "alpha:0", "alpha[0-3]", "*", "--from", "--to", "earliest", "latest", "@1700000000000", "500ms",
    ];

    public override string Name => "arguments";

    public override string Summary => "command lines of all verbs and scripts, numbers, times, places: refused with a sentence or taken";

    public override int QuickIterations => 15_000;

    public override int MaxBytes => 1024;

    /// <summary>Help, and sentences for what is refused.</summary>
    public override long AllocationSlack => 4 << 20;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        for (int i = 0; i < Verbs.Length; i++)
        {
            yield return [(byte)i, .. Encoding.UTF8.GetBytes("alpha\nbeta")];
            yield return [(byte)i, .. Encoding.UTF8.GetBytes(string.Join('\n', Verbs[i].Options.SelectMany(o => o.IsFlag ? (string[])[o.Name] : [o.Name, "5"])))];
        }

        foreach (string word in Words) yield return [0, .. Encoding.UTF8.GetBytes(word)];
    }

    public override byte[] Mutate(byte[] input, byte[] other, Mutator mutator)
    {
        Prng prng = mutator.Prng;
        if (prng.Next(2) == 0 || input.Length == 0) return mutator.Mutate(input, other, MaxBytes);
        List<string> lines = [.. Encoding.UTF8.GetString(input.AsSpan(1)).Split('\n')];
        IReadOnlyList<Option> options = Verbs[input[0] % Verbs.Length].Options;
        string word = prng.Next(2) == 0 && options.Count > 0 ? options[prng.Next(options.Count)].Name : Words[prng.Next(Words.Length)];
        lines.Insert(prng.Next(lines.Count + 1), word);
        byte[] changed = [input[0], .. Encoding.UTF8.GetBytes(string.Join('\n', lines))];
        return changed.Length <= MaxBytes ? changed : input;
    }

    public override void Run(byte[] input)
    {
        if (input.Length == 0) return;
        string[] words = Encoding.UTF8.GetString(input.AsSpan(1)).Split('\n');
        Command command = Verbs[input[0] % Verbs.Length];
        CommandLineArguments? parsed = Try(() => CommandLineArguments.Parse(command, words));
        if (parsed is not null)
        {
            foreach (Option option in command.Options)
            {
                Must(parsed.Has(option.Name) == (parsed.Values(option.Name).Count > 0), "an option is there or not");
                Try(() => parsed.Pairs(option.Name));
                Try(() => (object?)parsed.Number(option.Name, 1));
            }
        }

        foreach (string word in words)
        {
            Numbers.TryParseSpan(word, out _);
            Numbers.TryParseTime(word, out _);
            Try(() => CommandLineArguments.Pairs([word], "--set"));
            Try(() => (object)ConsumeStart.Split(word));
            Try(() =>
            {
                ConsumeStart.Check(word);
                return word;
            });
            foreach (string part in ShimArguments.Split(word)) Must(part.Length > 0, "an empty part");
        }

        Try(() => CommandLine.HelpOf(words));
        CommandLine.NearestOf(words[0], CommandLine.Nouns);
    }

    private static T? Try<T>(Func<T?> action)
        where T : class
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is CommandException or ShimUsageException)
        {
            Must(e.Message.Length > 0, "a refusal without a reason");
            return null;
        }
    }
}
