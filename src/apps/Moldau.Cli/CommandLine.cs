using System.Runtime.InteropServices;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Cli.Verbs;
using Moldau.Client;

namespace Moldau.Cli;

/// <summary>The verbs that speak with a cluster.</summary>
public static class CommandLine
{
    private static readonly List<Command> _commands =
    [
        TopicList.Command, TopicDescribe.Command, TopicCreate.Command, TopicDelete.Command, TopicGrow.Command, TopicTrim.Command,
        TopicConfig.SetCommand, TopicConfig.UnsetCommand,
        Produce.Command, Consume.Command,
        GroupList.Command, GroupDescribe.Command, GroupLag.Command, GroupSeek.Command, GroupDelete.Command, GroupForget.Command,
        .. Operating.Commands,
        ConfigGet.Command, ConfigChanges.SetCommand, ConfigChanges.UnsetCommand,
        BrokerList.Command, Completion.Command, Complete.Command,
        TopicCopy.Command, TopicAnalyze.Command,
        ConfigEdit.Command, ConfigDiff.Command, ConfigExplain.Command,
        Health.Command, Doctor.Command, Top.TopicsCommand, Top.BrokersCommand, Top.GroupsCommand,
        BenchProduce.Command, BenchConsume.Command, BenchEndToEnd.Command,
        BenchDisk.Command, BenchNet.Command,
        ProfileVerbs.Add, ProfileVerbs.Use, ProfileVerbs.List, ProfileVerbs.Show, ProfileVerbs.Remove,
        ProfileFiles.Edit, ProfileFiles.Import, ProfileFiles.Prompt,
    ];

    internal static IReadOnlyList<Command> Commands => _commands;

    /// <summary>Adds the verbs of the executable that need no cluster, or a node's own code.</summary>
    internal static void Add(params IReadOnlyCollection<Command> commands) => _commands.AddRange(commands);

    /// <summary>The first words of all verbs.</summary>
    public static IEnumerable<string> Nouns => _commands.Select(c => c.Name.Split(' ')[0]).Distinct();

    /// <summary>Runs a verb; the result is the exit code.</summary>
    /// <param name="args">The verb and all that follows.</param>
    /// <exception cref="CommandException">The command line is wrong, or the command cannot go on.</exception>
    public static int Run(string[] args)
    {
        Command command = Find(args, out int words);
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return RunAsync(command, args.AsSpan(words), stop.Token).GetAwaiter().GetResult();

        // The second one ends the process the hard way.
        void Stop(PosixSignalContext context)
        {
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    /// <summary>What <c>moldau help</c> says of the verbs, one a line.</summary>
    public static string Overview() => Help.Overview();

    /// <summary>What <c>moldau help VERB</c> says; null where there is no such verb.</summary>
    /// <param name="words">A verb, or the first word of several.</param>
    public static string? HelpOf(IReadOnlyList<string> words) => Help.Of(words);

    /// <summary>The name that somebody may have meant, among the verbs and others.</summary>
    public static string? NearestOf(string given, IEnumerable<string> names) => Nearest.Of(given, names);

    /// <summary>One line on standard error.</summary>
    internal static void Complain(string text) => Console.Error.WriteLine($"moldau: {text}");

    private static Task<int> RunAsync(Command command, ReadOnlySpan<string> args, CancellationToken cancel)
    {
        CommandContext context = new(CommandLineArguments.Parse(command, args), cancel);
        return RunAsync(command, context);
    }

    private static async Task<int> RunAsync(Command command, CommandContext context)
    {
        await using (context.ConfigureAwait(false))
        {
            try
            {
                if (context.WantsSchema) return SchemaOf.Show(command);
                if (command.IsWriting) context.RequireWritable(command.Name);
                return await command.Run(context).ConfigureAwait(false);
            }
            catch (MoldauException error)
            {
                Complain(ErrorText.Of(error));
                return ErrorText.ExitCode(error.Error);
            }
            catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
            {
                return ExitCodes.Interrupted;
            }
            catch (IOException) when (Console.IsOutputRedirected)
            {
                // Whoever read our output has enough of it, such as head.
                return ExitCodes.Ok;
            }
        }
    }

    private static Command Find(string[] args, out int words)
    {
        string two = args.Length > 1 ? $"{args[0]} {args[1]}" : args[0];
        words = 2;
        if (_commands.FirstOrDefault(c => c.Name == two && two.Contains(' ')) is { } found) return found;
        words = 1;
        if (_commands.FirstOrDefault(c => c.Name == args[0]) is { } single) return single;
        string[] verbs = [.. _commands.Where(c => c.Name.StartsWith(args[0] + " ", StringComparison.Ordinal)).Select(c => c.Name)];
        string list = string.Join(", ", verbs.Select(v => v[(args[0].Length + 1)..]));
        if (args.Length == 1) throw new CommandException($"'{args[0]}' needs a verb: {list}", ExitCodes.Usage);
        string hint = Nearest.Of(two, verbs) is { } near ? $"did you mean '{near}'?" : $"there are {list}";
        throw new CommandException($"there is no command '{two}'; {hint}", ExitCodes.Usage);
    }
}
