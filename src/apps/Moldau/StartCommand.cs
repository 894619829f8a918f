using Moldau.Config;
using Moldau.Runtime;

namespace Moldau;

/// <summary><c>moldau start FILE</c>: a node from an unmodified Kafka server.properties.</summary>
internal static class StartCommand
{
    public static int Run(string[] args)
    {
        Arguments arguments = Arguments.Parse("start", args, [], ["--strict"]);
        if (arguments.Operands.Count != 1)
            throw new CommandException("'start' takes one file: moldau start server.properties", ExitCodes.Usage);
        Dictionary<string, string> file = ReadProperties(arguments.Operands[0]);
        NodeSettings settings = NodeSettings.Resolve(file, arguments.Set, arguments.Has("--strict"));
        using NodeSignals signals = new();
        return NodeRun.Run(settings, signals, static () => { });
    }

    public static Dictionary<string, string> ReadProperties(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot read {path}: {e.Message}");
        }

        return PropertiesFile.TryParse(text, out Dictionary<string, string> properties, out string? error)
            ? properties
            : throw new CommandException($"{path}: {error}");
    }
}
