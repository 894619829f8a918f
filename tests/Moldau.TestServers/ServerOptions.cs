namespace Moldau.TestServers;

/// <summary>How a server for a test is set up; everything has a value that most tests want.</summary>
public sealed record ServerOptions
{
    /// <summary>Properties that are added to, or replace, those that every test server has.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Properties for tests whose records carry old timestamps: retention, which else looks at them half a minute after
    /// the start, leaves them alone as long as a test runs.
    /// </summary>
    public static IReadOnlyDictionary<string, string> WithoutRetention { get; } =
        new Dictionary<string, string> { ["log.initial.task.delay.ms"] = "3600000" };

    /// <summary>The same, for Apache Kafka 4 and tests that wait for the end of locks and sessions, or for a member's next
    /// heartbeat, whose interval the server says.</summary>
    public static IReadOnlyDictionary<string, string> QuickGroups { get; } = new Dictionary<string, string>(WithoutRetention)
    {
        ["group.share.min.record.lock.duration.ms"] = "1000",
        ["group.consumer.min.session.timeout.ms"] = "1000",
        ["group.consumer.min.heartbeat.interval.ms"] = "100",
        ["group.consumer.heartbeat.interval.ms"] = "500",
        ["group.share.min.heartbeat.interval.ms"] = "100",
        ["group.share.heartbeat.interval.ms"] = "500",
    };

    /// <summary>An existing data folder to open; null makes one that is deleted with the server.</summary>
    public string? DataFolder { get; init; }

    /// <summary>False for a data folder that another server has formatted.</summary>
    public bool ShouldFormat { get; init; } = true;

    /// <summary>
    /// The client and the controller port, for a server that takes another's place; null chooses free ones.
    /// </summary>
    public (int Client, int Controller)? Ports { get; init; }

    /// <summary>Environment variables of the node's process, beside those it inherits.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Apache Kafka's version.</summary>
    public string Version { get; init; } = "4.4.0";

    /// <summary>Java heap of an Apache server.</summary>
    public string Heap { get; init; } = "512m";
}
