using System.Diagnostics;
using Moldau.Config;

namespace Moldau;

/// <summary><c>kafka-server-start.sh</c>: a node from a file, with properties that go before those of the file, here or in the
/// background.</summary>
internal static class ServerStartScript
{
    public const string Name = "kafka-server-start";

    private const string Usage = $"USAGE: {Name} [-daemon] server.properties [--override property=value]*";
    private const string LogFile = "kafkaServer.out";

    /// <summary>True for the name with or without <c>.sh</c>.</summary>
    public static bool Is(string? name) => name is Name or Name + ".sh";

    /// <param name="args">What follows the name.</param>
    public static int Run(string[] args)
    {
        bool isDaemon = args is ["-daemon", ..];
        string[] rest = isDaemon ? args[1..] : args;
        List<string> start = [];
        for (int i = 1; i < rest.Length; i += 2)
        {
            if (rest[i] != "--override" || i + 1 >= rest.Length || !ConfigLayers.TryParseFlag(rest[i + 1], out _, out _)) return Refuse();
            start.AddRange(["--set", rest[i + 1]]);
        }

        if (rest.Length == 0 || rest[0].StartsWith('-')) return Refuse();
        return isDaemon ? StartApart([rest[0], .. start]) : StartCommand.Run([rest[0], .. start]);
    }

    private static int Refuse()
    {
        Console.Error.WriteLine(Usage);
        return ExitCodes.Failed;
    }

    /// <summary>Another process, which stays when the terminal goes and writes to a file in LOG_DIR, as the original's does.</summary>
    private static int StartApart(string[] start)
    {
        if (OperatingSystem.IsWindows()) throw new CommandException("'-daemon' needs a shell of Unix; make the node a service of the system", ExitCodes.Usage);
        string folder = Environment.GetEnvironmentVariable("LOG_DIR") is { Length: > 0 } set ? set : "logs";
        Directory.CreateDirectory(folder);
        string[] line = ["-c", "nohup \"$@\" > \"$0\" 2>&1 < /dev/null &", Path.Combine(folder, LogFile), Environment.ProcessPath!, "start", .. start];
        using Process shell = Process.Start("/bin/sh", line);
        shell.WaitForExit();
        return shell.ExitCode;
    }
}
