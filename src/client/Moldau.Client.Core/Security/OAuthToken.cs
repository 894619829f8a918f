namespace Moldau.Client;

/// <summary>Gets a token for the brokers. Called again when the last one is about to expire; not by two at a
/// time.</summary>
public delegate ValueTask<OAuthToken> OAuthTokenProvider(CancellationToken cancel);

/// <summary>A token as an identity provider gave it.</summary>
/// <param name="Value">The token, such as a JWT.</param>
/// <param name="ExpiresUnixMs">When it ends, in milliseconds since 1970.</param>
public sealed record OAuthToken(Secret Value, long ExpiresUnixMs)
{
    /// <summary>SASL extensions that are sent with it (KIP-342).</summary>
    public IReadOnlyDictionary<string, string> Extensions { get; init; } = new Dictionary<string, string>();
}
