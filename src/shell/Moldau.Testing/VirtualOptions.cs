using Moldau.Base;
using Moldau.Client;

namespace Moldau.Testing;

/// <summary>How a <see cref="VirtualBroker"/> is made. The defaults suit a test.</summary>
public sealed record VirtualOptions
{
    /// <summary>The broker's properties by Kafka's names, such as <c>log.retention.ms</c>.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>Topics that are there when the start returns.</summary>
    public IReadOnlyList<NewTopic> Topics { get; init; } = [];

    /// <summary>Decides how long each packet takes and which unsynced bytes a loss of power spares.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Gets the broker's log; null: nobody does.</summary>
    public ILogSink? Log { get; init; }
}

/// <summary>A virtual broker could not start, or something in it went wrong that must not.</summary>
/// <param name="message">What happened.</param>
public sealed class VirtualBrokerException(string message) : Exception(message);
