using Moldau.Base;
using Moldau.Client;

namespace Moldau.Embedded;

/// <summary>What an <see cref="EmbeddedBroker"/> runs on.</summary>
public enum EmbeddedTransport
{
    /// <summary>System calls on 64-bit Linux, the base library elsewhere.</summary>
    System,

    /// <summary>Sockets and files of the base library, on every system.</summary>
    Portable,
}

/// <summary>How an <see cref="EmbeddedBroker"/> is made. The defaults suit a test.</summary>
public sealed record EmbeddedOptions
{
    /// <summary>The broker's properties by Kafka's names, such as <c>log.retention.ms</c>. Addresses and folders are the
    /// other options' business and may not be set here.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>Topics that are there when the start returns; one that is there already stays as it is.</summary>
    public IReadOnlyList<NewTopic> Topics { get; init; } = [];

    /// <summary>Where the data goes, and stays; null: a temporary folder, removed at the end and never flushed.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The port on 127.0.0.1; 0 takes a free one, which <see cref="EmbeddedBroker.RestartAsync"/>
    /// keeps.</summary>
    public int Port { get; init; }

    /// <summary>What its sockets and files are made of.</summary>
    public EmbeddedTransport Transport { get; init; }

    /// <summary>Gets the broker's log; null: nobody does.</summary>
    public ILogSink? Log { get; init; }

    /// <summary>How long a start or a clean stop may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>An embedded broker could not start, or ended by itself.</summary>
/// <param name="message">One sentence that says what to do.</param>
public sealed class EmbeddedBrokerException(string message) : Exception(message);
