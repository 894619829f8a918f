using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>The thing whose configuration is meant: the first two operands.</summary>
internal static class ConfigTarget
{
    public const string Help = "KIND is topic, broker or group. A broker's name is its id; 'all' is the default of all brokers.";

    public static ConfigResource Parse(CommandLineArguments arguments) => Parse(arguments.Operands[0], arguments.Operands[1]);

    public static ConfigResource Parse(string kind, string name)
    {
        switch (kind)
        {
            case "topic":
                return new ConfigResource(ConfigResourceKind.Topic, name);
            case "group":
                return new ConfigResource(ConfigResourceKind.Group, name);
            case "broker" when name == "all":
                return new ConfigResource(ConfigResourceKind.Broker, "");
            case "broker" when Numbers.TryParse(name, out int _):
                return new ConfigResource(ConfigResourceKind.Broker, name);
            case "broker":
                throw new CommandException($"'{name}' is no broker's id, and not 'all'", ExitCodes.Usage);
            default:
                throw new CommandException($"'{kind}' has no configuration; it is topic, broker or group", ExitCodes.Usage);
        }
    }
}
