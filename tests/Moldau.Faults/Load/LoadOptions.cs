using Moldau.Base;

namespace Moldau.Faults;

/// <summary>How clients behave under load.</summary>
internal sealed record LoadOptions
{
    public required int Seed { get; init; }

    /// <summary>Sends between two pauses of a producer, which take 10 ms in the middle.</summary>
    public int Burst { get; init; } = 6;

    public Duration DeliveryTimeout { get; init; } = Duration.FromSeconds(120);

    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>The number of the first producer; those of two loads on one cluster must not meet.</summary>
    public int FirstWorker { get; init; } = 1;

    /// <summary>Whether there are topics that come and go.</summary>
    public bool ManagesTopics { get; init; } = true;

    /// <summary>How long a broker may take for an answer.</summary>
    public Duration RequestTimeout { get; init; } = Duration.FromSeconds(10);
}
