using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>The thing whose configuration is meant: the first two operands.</summary>
internal static class ConfigTarget
{
    public const string Help = "KIND is topic, broker, group, logger or metrics. A broker's name is its id; 'all' is the default of all brokers.\n"
        + "The loggers of a broker have its id too; metrics are what clients are to tell (KIP-714).";

    public static ConfigResource Parse(CommandLineArguments arguments) => Parse(arguments.Operands[0], arguments.Operands[1]);

    public static ConfigResource Parse(string kind, string name)
    {
        switch (kind)
        {
            case "topic":
                return new ConfigResource(ConfigResourceKind.Topic, name);
            case "group":
                return new ConfigResource(ConfigResourceKind.Group, name);
            case "metrics":
                return new ConfigResource(ConfigResourceKind.ClientMetrics, name);
            case "logger" when Numbers.TryParse(name, out int _):
                return new ConfigResource(ConfigResourceKind.BrokerLogger, name);
            case "broker" when name == "all":
                return new ConfigResource(ConfigResourceKind.Broker, "");
            case "broker" when Numbers.TryParse(name, out int _):
                return new ConfigResource(ConfigResourceKind.Broker, name);
            case "logger":
            case "broker":
                throw new CommandException($"'{name}' is no broker's id{(kind == "broker" ? ", and not 'all'" : "")}", ExitCodes.Usage);
            default:
                throw new CommandException($"'{kind}' has no configuration; it is topic, broker, group, logger or metrics", ExitCodes.Usage);
        }
    }
}
