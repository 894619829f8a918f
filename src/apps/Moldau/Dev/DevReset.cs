using Moldau.Runtime;

namespace Moldau.Dev;

/// <summary><c>moldau dev reset</c>: the data of <c>moldau dev</c> goes, so that the next start begins anew.</summary>
internal static class DevReset
{
    public static int Run(string[] args)
    {
        Arguments arguments = Arguments.Parse("dev reset", args, ["--data"], ["-y", "--yes", "--dry-run"]);
        if (arguments.Operands.Count > 0)
            throw new CommandException($"'dev reset' takes no '{arguments.Operands[0]}'; see 'moldau help'", ExitCodes.Usage);
        string data = Path.GetFullPath(arguments.Value("--data") ?? ".moldau");
        if (!Directory.Exists(data))
        {
            Console.Error.WriteLine($"moldau: there is no data at {data}");
            return ExitCodes.Ok;
        }

        // Whatever else is in a folder of another kind must not be lost by a mistyped name.
        if (!File.Exists(Path.Combine(data, "meta.properties")))
            throw new CommandException($"{data} is no data folder of a node: it has no meta.properties");
        if (IsInUse(data)) throw new CommandException($"a node runs on {data}; stop it first");
        if (arguments.Has("--dry-run"))
        {
            Console.Out.WriteLine(data);
            return ExitCodes.Ok;
        }

        if (!arguments.Has("-y") && !arguments.Has("--yes") && !IsConfirmed(data)) return ExitCodes.Ok;
        Directory.Delete(data, recursive: true);
        Console.Error.WriteLine($"moldau: deleted {data}");
        return ExitCodes.Ok;
    }

    /// <summary>A node holds the lock file of its folder.</summary>
    private static bool IsInUse(string data)
    {
        string path = Path.Combine(data, ".lock");
        if (!File.Exists(path)) return false;
        using FileDisk disk = new();
        using IDisposable? held = disk.TryLock(path);
        return held is null;
    }

    private static bool IsConfirmed(string data)
    {
        string question = $"Delete {data} with all records?";
        if (Console.IsInputRedirected)
            throw new CommandException($"{question} There is no terminal to ask on: say -y, or look at --dry-run first", ExitCodes.Usage);
        Console.Error.Write($"{question} [y/N] ");
        if (Console.In.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes") return true;
        Console.Error.WriteLine("nothing was done");
        return false;
    }
}
