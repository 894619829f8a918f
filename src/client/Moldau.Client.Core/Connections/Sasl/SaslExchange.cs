namespace Moldau.Client;

/// <summary>What follows an answer of the broker.</summary>
/// <param name="Message">To be sent; null where nothing more is.</param>
/// <param name="Job">Makes the next message elsewhere, because it takes long; null where there is none.</param>
/// <param name="Problem">Why the broker is not trusted, for people; null where all is well.</param>
internal readonly record struct SaslStep(byte[]? Message = null, SaslJob? Job = null, string? Problem = null)
{
    public static SaslStep Over => default;
}

/// <summary>Work of an exchange that runs as a job.</summary>
internal abstract class SaslJob : ClientJob
{
    /// <summary>The link that waits for it.</summary>
    public long Link { get; set; }

    /// <summary>What it made.</summary>
    public SaslStep Step { get; protected set; }

    internal override void Done(ClientTurn turn) => turn.Machine.Links.OnSaslJob(this, turn);
}

/// <summary>One side of a SASL mechanism on one link: messages in, messages out.</summary>
internal abstract class SaslExchange
{
    /// <summary>The client's first message.</summary>
    public abstract SaslStep Begin();

    /// <summary>The broker answered the last message.</summary>
    public abstract SaslStep Take(ReadOnlySpan<byte> answer);

    /// <summary>Why the exchange may not end here although the broker says that it does; null where it may.</summary>
    public virtual string? WhyUnfinished => null;
}
