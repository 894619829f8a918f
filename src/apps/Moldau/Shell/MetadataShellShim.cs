using Moldau.Cli.Shims;

namespace Moldau.Shell;

/// <summary><c>kafka-metadata-shell.sh</c></summary>
internal static class MetadataShellShim
{
    private const string CompatibleVersion = "4.4.0";

    public static readonly Shim Shim = new("kafka-metadata-shell", "snapshot: s: h help version", RunAsync)
    {
        TakesWords = true,
        UsageStyle = UsageStyle.OptionsThenText,
        Letters = new Dictionary<string, string> { ["s"] = "snapshot" },
    };

    private static Task<int> RunAsync(ShimContext context)
    {
        string path = context.Arguments.Value("snapshot") ?? throw new ShimUsageException("argument --snapshot/-s is required");
        if (!File.Exists(path)) throw new ShimFailedException($"Unexpected error: java.nio.file.NoSuchFileException: {path}");
        List<string> words = context.Arguments.Words;
        bool isSession = words.Count == 0;
        if (isSession) context.Out.WriteLine("Loading...");
        ClusterFiles files;
        try
        {
            files = MetadataReader.OfFile(path, asInFile: true);
        }
        catch (CommandException error)
        {
            throw new ShimFailedException($"Unexpected error: {error.Message}");
        }

        ShellFolder root = ImageTree.Of(files, ShellDoor.Kafka, CompatibleVersion, Program.Commit);
        IReadOnlyList<ShellCommand> commands = [.. ShellCommand.All.Where(c => isSession || !c.IsForSessions)];
        KafkaVoice voice = new(context.Out, isSession && !Console.IsOutputRedirected ? Console.WindowWidth : null);
        ShellSession session = new(root, voice, commands);
        if (isSession) Talk(session, context);
        else session.Run(words);
        context.Out.Flush();
        return Task.FromResult(ExitCodes.Ok);
    }

    /// <summary>The prompt is there in a pipe too, as the original's is.</summary>
    private static void Talk(ShellSession session, ShimContext context)
    {
        context.Out.WriteLine("Starting...");
        context.Out.WriteLine("[ Kafka Metadata Shell ]");
        do
        {
            context.Out.Write(">> ");
            context.Out.Flush();
        }
        while (Console.In.ReadLine() is { } line && session.RunLine(line));
    }
}
