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

/// <summary>PLAIN (RFC 4616): one message with name and password.</summary>
internal sealed class PlainExchange(SaslOptions options) : SaslExchange
{
    public override SaslStep Begin() =>
        new(System.Text.Encoding.UTF8.GetBytes($"\0{options.Username}\0{options.Password!.Reveal()}"));

    public override SaslStep Take(ReadOnlySpan<byte> answer) => SaslStep.Over;
}

/// <summary>OAUTHBEARER (RFC 7628): one message with a token and extensions.</summary>
internal sealed class OAuthBearerExchange(OAuthToken token) : SaslExchange
{
    private const char Separator = '\u0001';

    public override SaslStep Begin()
    {
        System.Text.StringBuilder text = new();
        text.Append("n,,").Append(Separator).Append("auth=Bearer ").Append(token.Value.Reveal()).Append(Separator);
        foreach ((string name, string value) in token.Extensions) text.Append(name).Append('=').Append(value).Append(Separator);
        return new SaslStep(System.Text.Encoding.UTF8.GetBytes(text.Append(Separator).ToString()));
    }

    /// <summary>A broker that refuses says why in JSON and waits for one more message before it closes.</summary>
    public override SaslStep Take(ReadOnlySpan<byte> answer) => answer.IsEmpty
        ? SaslStep.Over
        : new SaslStep(Problem: $"the token was refused: {System.Text.Encoding.UTF8.GetString(answer)}");
}
