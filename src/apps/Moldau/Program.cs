using System.Reflection;

namespace Moldau;

/// <summary>The executable: picks the verb. Those that run a node are here, those that speak with a cluster in
/// <see cref="CommandLine"/>.</summary>
internal static class Program
{
    private static readonly string[] NodeVerbs = ["dev", "start", "help", "version"];

    private static int Main(string[] args)
    {
        CommandLine.Add(
            StorageVerbs.Format, StorageVerbs.Info, StorageVerbs.RandomUuid, Logs.LogDumpVerb.Command, Logs.LogVerifyVerb.Command);
        string verb = args.Length == 0 ? "help" : args[0];
        string[] rest = args.Length == 0 ? [] : args[1..];
        if (rest.Contains("--help") || rest.Contains("-h"))
        {
            rest = [verb, .. rest.TakeWhile(a => !a.StartsWith('-'))];
            verb = "help";
        }

        try
        {
            return verb switch
            {
                "dev" => Dev.DevCommand.Run(rest),
                "start" => StartCommand.Run(rest),
                "help" or "--help" or "-h" => HelpCommand.Run(rest),
                "--version" or "-v" or "version" => PrintVersion(),
                _ when CommandLine.Nouns.Contains(verb) => CommandLine.Run(args),
                _ => Unknown(verb),
            };
        }
        catch (CommandException e)
        {
            Console.Error.WriteLine($"moldau: {e.Message}");
            return e.ExitCode;
        }
    }

    /// <summary>From the build, without the commit.</summary>
    public static string Version =>
        typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

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
