using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Cli.Profiles;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>What may stand where the cursor is: what the scripts of <see cref="Completion"/> ask for. It never complains:
/// a shell that completes nothing disturbs nobody.</summary>
internal static class Complete
{
    public static readonly Command Command = new("complete", "-- WORD…", "what may stand in place of the last word", RunAsync)
    {
        IsHidden = true,
        Example = "moldau complete -- topic de",
    };

    /// <summary>Verbs that are no part of the table: those that run a node.</summary>
    private static readonly string[] NodeVerbs = ["dev", "start", "help", "version"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static async Task<int> RunAsync(CommandContext context)
    {
        List<string> words = context.Arguments.Operands;
        if (words.Count == 0) words = [""];
        IEnumerable<string> names;
        try
        {
            names = await NamesAsync(words).ConfigureAwait(false);
        }
        catch (Exception error) when (error is CommandException or MoldauException or OperationCanceledException or IOException)
        {
            names = [];
        }

        foreach (string name in names.Where(n => n.StartsWith(words[^1], StringComparison.Ordinal))) Console.Out.WriteLine(name);
        Console.Out.Flush();
        return ExitCodes.Ok;
    }

    private static async Task<IEnumerable<string>> NamesAsync(List<string> words)
    {
        if (words.Count == 1) return [.. CommandLine.Nouns.Where(n => n != Command.Name), .. NodeVerbs];
        Command? command = Find(words, out int used);
        if (command is null)
            return words.Count == 2
                ? CommandLine.Commands.Where(c => c.Name.StartsWith(words[0] + " ", StringComparison.Ordinal)).Select(c => c.Name[(words[0].Length + 1)..])
                : words[0] == "help" ? CommandLine.Nouns : [];
        string before = words[^2];
        if (words.Count - 1 > used && command.Find(before) is { IsFlag: false } option)
            return await ValuesAsync(option, words).ConfigureAwait(false);
        if (words[^1].StartsWith('-')) return command.Options.Concat(Option.Global).Select(o => o.Name);
        return await OperandsAsync(command, Given(command, words, used), words).ConfigureAwait(false);
    }

    private static Command? Find(List<string> words, out int used)
    {
        used = 2;
        if (words.Count > 2 && CommandLine.Commands.FirstOrDefault(c => c.Name == $"{words[0]} {words[1]}") is { } two) return two;
        used = 1;
        return CommandLine.Commands.FirstOrDefault(c => c.Name == words[0]);
    }

    /// <summary>The operands before the last word.</summary>
    private static List<string> Given(Command command, List<string> words, int used)
    {
        List<string> given = [];
        for (int i = used; i < words.Count - 1; i++)
        {
            if (!words[i].StartsWith('-')) given.Add(words[i]);
            else if (command.Find(words[i]) is { IsFlag: false }) i++;
        }

        return given;
    }

    private static async Task<IEnumerable<string>> ValuesAsync(Option option, List<string> words) => option.Name switch
    {
        "--output" when option.Value == "FORMAT" => OutputFormats.Names.Split('|'),
        "--compression" => ["none", "gzip", "snappy", "lz4", "zstd"],
        "--color" => ["auto", "always", "never"],
        "--profile" => ProfileStore.Default.Names,
        "--group" => await AskAsync(words, GroupsAsync).ConfigureAwait(false),
        "--topic" => await AskAsync(words, TopicsAsync).ConfigureAwait(false),
        _ => [],
    };

    private static async Task<IEnumerable<string>> OperandsAsync(Command command, List<string> given, List<string> words)
    {
        string[] name = command.Name.Split(' ');
        string verb = name.Length > 1 ? name[1] : "";
        switch (name[0])
        {
            case "topic" when verb != "create" && (given.Count == 0 || verb is "describe" or "delete"):
            case "produce" or "bench" when given.Count == 0 && verb != "disk":
            case "consume":
            case "group" when verb == "forget" && given.Count > 0:
                return await AskAsync(words, TopicsAsync).ConfigureAwait(false);
            case "group" when given.Count == 0 || verb is "describe" or "delete" or "lag":
                return await AskAsync(words, GroupsAsync).ConfigureAwait(false);
            case "profile" when verb is "use" or "show" or "remove":
                return ProfileStore.Default.Names;
            case "completion":
                return Completion.Shells;
            case "config" when verb == "explain":
                return Keys("broker").Concat(Keys("topic")).Concat(Keys("group")).Distinct();
            case "config":
                return await ConfigAsync(given, words).ConfigureAwait(false);
            default:
                return [];
        }
    }

    private static async Task<IEnumerable<string>> ConfigAsync(List<string> given, List<string> words) => given.Count switch
    {
        0 => ["topic", "broker", "group"],
        1 when given[0] == "topic" => await AskAsync(words, TopicsAsync).ConfigureAwait(false),
        1 when given[0] == "group" => await AskAsync(words, GroupsAsync).ConfigureAwait(false),
        1 => ["all"],
        _ => Keys(given[0]),
    };

    private static IEnumerable<string> Keys(string kind) => (kind switch
    {
        "topic" => Config.TopicConfigTable.Table,
        "group" => Config.GroupConfigTable.Table,
        _ => Config.BrokerConfigTable.Table,
    }).Keys.Where(k => !k.Internal).Select(k => k.Name);

    private static async Task<IEnumerable<string>> TopicsAsync(AdminClient admin, CancellationToken cancel) =>
        (await admin.ListTopicsAsync(cancel).ConfigureAwait(false)).Where(t => !t.IsInternal).Select(t => t.Name);

    private static async Task<IEnumerable<string>> GroupsAsync(AdminClient admin, CancellationToken cancel) =>
        (await admin.ListGroupsAsync(cancel).ConfigureAwait(false)).Select(g => g.GroupId);

    /// <summary>Asks the cluster that the words so far name.</summary>
    private static async Task<IEnumerable<string>> AskAsync(
        List<string> words, Func<AdminClient, CancellationToken, Task<IEnumerable<string>>> ask)
    {
        List<string> where = ["--timeout", "2s"];
        for (int i = 0; i + 1 < words.Count - 1; i++)
            if (words[i] is "-b" or "--bootstrap" or "-P" or "--profile" or "-X" or "--property") where.AddRange([words[i], words[i + 1]]);
        using CancellationTokenSource limit = new(Patience);
        CommandContext context = new(CommandLineArguments.Parse(Command, where.ToArray()), limit.Token);
        await using (context.ConfigureAwait(false))
            return await ask(await context.AdminAsync().ConfigureAwait(false), limit.Token).ConfigureAwait(false);
    }
}
