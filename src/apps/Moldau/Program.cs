using System.Reflection;

namespace Moldau;

/// <summary>The executable: picks the verb. Exit codes: 0 ok, 1 failed, 2 usage.</summary>
internal static class Program
{
    public const int Failed = 1;
    public const int Usage = 2;

    private static int Main(string[] args)
    {
        string verb = args.Length == 0 ? "help" : args[0];
        string[] rest = args.Length == 0 ? [] : args[1..];
        if (rest.Contains("--help") || rest.Contains("-h")) verb = "help";
        try
        {
            return verb switch
            {
                "dev" => DevCommand.Run(rest),
                "start" => StartCommand.Run(rest),
                "storage" => StorageCommand.Run(rest),
                "help" or "--help" or "-h" => HelpCommand.Run(Console.Out),
                "--version" or "-v" or "version" => PrintVersion(),
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
        Console.Error.WriteLine($"moldau: there is no command '{verb}'; 'moldau help' lists them");
        return Usage;
    }
}

/// <summary>A command cannot go on: one line for the user.</summary>
internal sealed class CommandException(string message, int exitCode = Program.Failed) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
