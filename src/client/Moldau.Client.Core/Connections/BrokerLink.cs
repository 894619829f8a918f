using Moldau.Base;

namespace Moldau.Client;

internal enum LinkState
{
    /// <summary>The shell opens it.</summary>
    Opening,

    /// <summary>ApiVersions is under way.</summary>
    Greeting,

    /// <summary>SASL is under way, for the first time or again (KIP-368): calls wait.</summary>
    Authenticating,

    Ready,

    /// <summary>Broken; opened again when somebody has a call for it and the backoff is over.</summary>
    Down,
}

/// <summary>The link to one broker for one lane: its state, what waits to be sent and what waits for an answer.</summary>
internal sealed class BrokerLink(int brokerId, int lane, BrokerAddress address)
{
    public int BrokerId { get; } = brokerId;

    public int Lane { get; } = lane;

    public BrokerAddress Address { get; set; } = address;

    /// <summary>Given anew each time it is opened, so that a late word of an older opening is not taken for
    /// it.</summary>
    public long Number { get; set; }

    public LinkState State { get; set; } = LinkState.Down;

    public NodeVersions? Versions { get; set; }

    /// <summary>Sent and not answered, in order.</summary>
    public Queue<ClientCall> InFlight { get; } = new();

    /// <summary>To be sent once the link is ready, in order.</summary>
    public Queue<ClientCall> Waiting { get; } = new();

    public int Failures { get; set; }

    /// <summary>Not opened again before.</summary>
    public Instant RetryAt { get; set; }

    /// <summary>When opening, the greeting or the authentication counts as failed.</summary>
    public Instant SetupDue { get; set; } = Instant.Never;

    /// <summary>The exchange under way; null before and after.</summary>
    public SaslExchange? Sasl { get; set; }

    /// <summary>The next call authenticates again first, because the broker soon ends the session.</summary>
    public Instant SessionDue { get; set; } = Instant.Never;

    public Instant LastUsed { get; set; }

    public LinkFailure? LastFailure { get; set; }

    public int NextCorrelationId { get; set; }

    public bool IsIdle => InFlight.Count == 0 && Waiting.Count == 0;

    public override string ToString() => BrokerId >= 0 ? $"broker {BrokerId} at {Address}" : $"{Address}";
}
