namespace Moldau.Config.Tests;

/// <summary>Rows of the committed facts about Apache Kafka 4.4.0.</summary>
internal static class TestData
{
    public static IReadOnlyList<string[]> Read(string file, bool hasHeader)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Data", file);
        IEnumerable<string> lines = File.ReadAllLines(path).Where(static line => line.Length > 0 && line[0] != '#');
        return [.. lines.Skip(hasHeader ? 1 : 0).Select(static line => line.Split('\t'))];
    }

    public static Dictionary<string, string> Node(params (string Name, string? Value)[] changes)
    {
        Dictionary<string, string> set = new(StringComparer.Ordinal)
        {
            ["process.roles"] = "broker,controller",
            ["node.id"] = "1",
            ["listeners"] = "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
            ["controller.listener.names"] = "CONTROLLER",
            ["controller.quorum.bootstrap.servers"] = "127.0.0.1:9093",
            ["log.dirs"] = "/data",
        };
        foreach ((string name, string? value) in changes)
        {
            if (value is null) set.Remove(name);
            else set[name] = value;
        }
        return set;
    }

    public static BrokerConfig Build(params (string Name, string? Value)[] changes)
    {
        List<string> errors = [];
        bool isBuilt = BrokerConfig.TryBuild(Node(changes), out BrokerConfig? config, errors, []);
        Assert.True(isBuilt, string.Join('\n', errors));
        return config!;
    }
}
