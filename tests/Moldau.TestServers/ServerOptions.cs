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

    /// <summary>An existing data folder to open; null makes one that is deleted with the server.</summary>
    public string? DataFolder { get; init; }

    /// <summary>False for a data folder that another server has formatted.</summary>
    public bool ShouldFormat { get; init; } = true;

    /// <summary>
    /// The client and the controller port, for a server that takes another's place; null chooses free ones.
    /// </summary>
    public (int Client, int Controller)? Ports { get; init; }

    /// <summary>Apache Kafka's version.</summary>
    public string Version { get; init; } = "4.4.0";

    /// <summary>Java heap of an Apache server.</summary>
    public string Heap { get; init; } = "512m";
}
