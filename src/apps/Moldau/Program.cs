using System.Reflection;
using Moldau.Cli.Shims;

namespace Moldau;

/// <summary>The executable: picks the verb. Those that run a node are here, those that speak with a cluster in
/// <see cref="CommandLine"/>.</summary>
internal static class Program
{
    private const int CommitDigits = 16;

    private static readonly string[] NodeVerbs = ["dev", "start", "help", "version"];

    private static int Main(string[] args)
    {
        CommandLine.Add(
            StorageVerbs.Format, StorageVerbs.Info, StorageVerbs.RandomUuid, Logs.LogDumpVerb.Command, Logs.LogVerifyVerb.Command);
        CommandLine.Add(Shell.QuorumShellVerb.Command);
        KafkaScripts.Add(Logs.DumpLogShim.Shim, StorageShim.Shim);
        KafkaScripts.Add(Shell.MetadataShellShim.Shim);
        if (ScriptName(args) is { } script) return KafkaScripts.Run(script, CalledAs() == script ? args : args[1..]);
        bool isCalledStart = ServerStartScript.Is(CalledAs());
        if (isCalledStart || ServerStartScript.Is(args.FirstOrDefault()))
            return Guarded(() => ServerStartScript.Run(isCalledStart ? args : args[1..]));
        if (MissingScript(args) is { } advice)
        {
            Console.Error.WriteLine($"moldau: {advice}");
            return ExitCodes.Usage;
        }

        string verb = args.Length == 0 ? "help" : args[0];
        string[] rest = args.Length == 0 ? [] : args[1..];
        if (rest.Contains("--help") || rest.Contains("-h"))
        {
            rest = [verb, .. rest.TakeWhile(a => !a.StartsWith('-'))];
            verb = "help";
        }

        return Guarded(() => verb switch
        {
            "dev" => Dev.DevCommand.Run(rest),
            "start" => StartCommand.Run(rest),
            "help" or "--help" or "-h" => HelpCommand.Run(rest),
            "--version" or "-v" or "version" => PrintVersion(),
            _ when CommandLine.Nouns.Contains(verb) => CommandLine.Run(args),
            _ => Unknown(verb),
        });
    }

    private static int Guarded(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (CommandException e)
        {
            Console.Error.WriteLine($"moldau: {e.Message}");
            return e.ExitCode;
        }
    }

    /// <summary>The script of Kafka's that is meant: the name that the program was called by, such as a link named
    /// <c>kafka-topics.sh</c>, or the first word; null where there is none.</summary>
    private static string? ScriptName(string[] args)
    {
        if (CalledAs() is { } name && KafkaScripts.Has(name)) return name;
        return args.Length > 0 && args[0].StartsWith("kafka-", StringComparison.Ordinal) && KafkaScripts.Has(args[0]) ? args[0] : null;
    }

    private static string? MissingScript(string[] args) =>
        (CalledAs() is { } name ? KafkaScripts.AdviceOnMissing(name) : null)
        ?? (args.Length > 0 ? KafkaScripts.AdviceOnMissing(args[0]) : null);

    /// <summary>The runtime tells the program's own file; the system remembers the name that was typed.</summary>
    private static string? CalledAs()
    {
        const string CommandLine = "/proc/self/cmdline";
        if (!OperatingSystem.IsLinux() || !File.Exists(CommandLine)) return Path.GetFileName(Environment.ProcessPath);
        using FileStream file = new(CommandLine, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        byte[] bytes = new byte[4096];
        ReadOnlySpan<byte> text = bytes.AsSpan(0, file.Read(bytes));
        int end = text.IndexOf((byte)0);
        string called = System.Text.Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
        // A script is called by its interpreter's name; a link to the program by the link's.
        return Path.GetFileName(called);
    }

    /// <summary>From the build, without the commit.</summary>
    public static string Version => Informational.Split('+')[0];

    /// <summary>The first digits of the build's commit; where it has none, Kafka's word for that.</summary>
    public static string Commit => Informational.Split('+') is [_, { Length: >= CommitDigits } commit, ..] ? commit[..CommitDigits] : "unknown";

    private static string Informational =>
        typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    private static int PrintVersion()
    {
        Console.WriteLine($"moldau {Version} (compatible with Apache Kafka 4.4)");
        return 0;
    }

    private static int Unknown(string verb)
    {
        string hint = CommandLine.NearestOf(verb, [.. CommandLine.Nouns, .. NodeVerbs]) is { } near
            ? $"did you mean '{near}'?"
            : "'moldau help' lists them";
        Console.Error.WriteLine($"moldau: there is no command '{verb}'; {hint}");
        return ExitCodes.Usage;
    }
}
