using Moldau.Cli.Parsing;
using Moldau.Cli.Verbs;

namespace Moldau.Shell;

/// <summary><c>moldau quorum shell</c>: the metadata of the cluster as a file system, out of a node's files.</summary>
internal static class QuorumShellVerb
{
    private const string DefaultFolder = ".moldau";
    private const string OneColumn = "--one-column";

    public static readonly Command Command = new(
        "quorum shell", "[COMMAND…]", "look through the metadata in a node's files as through folders", RunAsync)
    {
        Columns = VerbVoice.Columns,
        Options =
        [
            new("--data", "-d", "DIR", $"a log directory, or the metadata's folder in it (./{DefaultFolder})"),
            new("--config", "-c", "FILE", "the node's server.properties, which says where that is"),
            new("--set", null, "NAME=VALUE", "goes before that file and the environment; may be repeated"),
            new("--snapshot", "-s", "FILE", "one snapshot (.checkpoint) or segment (.log) alone"),
            new(OneColumn, "-1", null, "of 'ls': one name a line, whatever the terminal's width"),
        ],
        Details = "COMMAND is ls, tree, cat or find with paths, such as 'tree /image/topics/byName/orders'; without one they are read\n"
            + "from standard input, with cd, pwd, history, help, man and exit ('help' lists them). The exit code is that of the first\n"
            + "that went wrong. /image is the cluster's metadata, /quorum what Raft's own records say, /local this program.\n"
            + "Nothing is written, and the node may run. Read are the newest snapshot and the log behind it. Keys of SCRAM users and\n"
            + "the values of sensitive properties are not told. What is damaged is told, with exit code 1, and nothing is shown.",
        Example = "moldau quorum shell --data /var/lib/moldau cat /image/cluster/brokers/1 -o yaml",
    };

    private static Task<int> RunAsync(CommandContext context)
    {
        ClusterFiles files = Read(context, out int voters);
        Warn(context, files, voters);
        bool isTerminal = !Console.IsInputRedirected;
        VerbVoice voice = new(context, Console.IsOutputRedirected ? null : Console.WindowWidth);
        ShellSession session = new(ImageTree.Of(files, ShellDoor.Moldau, Program.Version, Program.Commit), voice, ShellCommand.All);
        if (context.Arguments.Operands is { Count: > 0 } words)
        {
            if (context.Arguments.Has(OneColumn)) words = [words[0], "-1", .. words[1..]];
            session.Run(words);
            return Task.FromResult(voice.ExitCode);
        }

        if (isTerminal) context.Say($"metadata up to offset {files.Image.Provenance.Offset}; 'help' lists the commands, 'exit' ends");
        do
        {
            context.Cancel.ThrowIfCancellationRequested();
            if (isTerminal) Console.Error.Write($"{session.WorkingFolder}> ");
        }
        while (Console.In.ReadLine() is { } line && session.RunLine(line));
        if (isTerminal && voice.ExitCode != ExitCodes.Ok) return Task.FromResult(ExitCodes.Ok);
        return Task.FromResult(voice.ExitCode);
    }

    /// <param name="context">The options.</param>
    /// <param name="voters">How many controllers there are; 0 where nobody says.</param>
    private static ClusterFiles Read(CommandContext context, out int voters)
    {
        voters = 0;
        string[] places = [.. new[] { "--data", "--config", "--snapshot" }.Where(context.Arguments.Has)];
        if (places.Length > 1) throw new CommandException($"{string.Join(" and ", places)} exclude each other", ExitCodes.Usage);
        if (context.Arguments.Value("--snapshot") is { } snapshot) return MetadataReader.OfFile(snapshot, asInFile: false);
        string folder = context.Arguments.Value("--data") ?? DefaultFolder;
        if (context.Arguments.Value("--config") is { } config)
        {
            NodeSettings settings = NodeSettings.Resolve(StartCommand.ReadProperties(config), context.Arguments.Pairs("--set"), isStrict: false);
            folder = settings.Config.MetadataLogDir;
            voters = settings.Config.ControllerQuorumVoters.Count;
        }
        else if (places.Length == 0 && !Directory.Exists(folder))
            throw new CommandException("there is no ./.moldau here: say --data DIR, --config FILE or --snapshot FILE", ExitCodes.NotFound);

        ClusterFiles files = MetadataReader.OfFolder(folder);
        if (files.Voters.Count > 0) voters = files.Voters.Count;
        return files;
    }

    private static void Warn(CommandContext context, ClusterFiles files, int voters)
    {
        // No file says how far the high watermark is; a quorum of one commits what it writes.
        if (voters > 1) context.Say($"moldau: there are {voters} voters: the last records of this node may not be committed");
        if (files.EndsInTransaction) context.Say("moldau: a metadata transaction is not ended; its records are not shown");
        if (files.TornBytes > 0) context.Say($"moldau: the log ends with {Words.Count(files.TornBytes, "byte")} of a batch that is not whole");
    }
}
