using System.Globalization;
using Moldau.Config;

namespace Moldau.Embedded;

/// <summary>From options to the properties of a node.</summary>
internal static class EmbeddedProperties
{
    /// <summary>What the other options say, or what has one right value here.</summary>
    private static readonly string[] Taken =
    [
        "process.roles", "listeners", "advertised.listeners", "controller.listener.names", "controller.quorum.voters",
        "controller.quorum.bootstrap.servers", "log.dir", "log.dirs", "metadata.log.dir",
    ];

    internal static Dictionary<string, string> Make(EmbeddedOptions options, string folder, int port, int controllerPort)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["process.roles"] = "broker,controller",
            ["node.id"] = "1",
            ["listeners"] = string.Create(CultureInfo.InvariantCulture, $"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controllerPort}"),
            ["controller.listener.names"] = "CONTROLLER",
            ["controller.quorum.bootstrap.servers"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{controllerPort}"),
            ["log.dirs"] = folder,
            ["offsets.topic.replication.factor"] = "1",
            // Each is a folder with files, made with the first group: a test has few groups.
            ["offsets.topic.num.partitions"] = "1",
            ["group.initial.rebalance.delay.ms"] = "0",
            ["moldau.shards"] = "1",
        };
        foreach ((string name, string value) in options.Properties)
        {
            if (Taken.Contains(name, StringComparer.Ordinal))
                throw new EmbeddedBrokerException($"the property '{name}' cannot be set: an embedded broker chooses its addresses and folders by its options");
            properties[name] = value;
        }

        return properties;
    }

    internal static BrokerConfig Check(EmbeddedOptions options, Dictionary<string, string> properties)
    {
        foreach (UnknownProperty unknown in NearestName.FindUnknown(options.Properties.Keys))
            throw new EmbeddedBrokerException($"unknown property '{unknown.Name}', did you mean '{unknown.Nearest}'?");
        List<string> errors = [];
        if (!BrokerConfig.TryBuild(properties, out BrokerConfig? config, errors, []) || config is null)
            throw new EmbeddedBrokerException(string.Join("; ", errors));
        return config;
    }
}
