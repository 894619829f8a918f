using Moldau.Base;

namespace Moldau.Client;

/// <summary>How OAUTHBEARER gets its tokens: by a client's id and secret from an identity provider's token endpoint
/// (KIP-768), or, for tests alone, by making unsecured ones.</summary>
public sealed record OAuthOptions
{
    /// <summary><c>sasl.oauthbearer.token.endpoint.url</c></summary>
    public Uri? TokenEndpoint { get; init; }

    /// <summary><c>sasl.oauthbearer.client.credentials.client.id</c></summary>
    public string? ClientId { get; init; }

    /// <summary><c>sasl.oauthbearer.client.credentials.client.secret</c></summary>
    public Secret? ClientSecret { get; init; }

    /// <summary><c>sasl.oauthbearer.scope</c>; null asks for none.</summary>
    public string? Scope { get; init; }

    /// <summary><c>sasl.oauthbearer.header.urlencode</c>: id and secret are URL-encoded in the header, as RFC 6749
    /// wants it and some providers do not (KIP-1025).</summary>
    public bool UrlEncodesHeader { get; init; }

    /// <summary>SASL extensions that are sent with each token (KIP-342).</summary>
    public IReadOnlyDictionary<string, string> Extensions { get; init; } = new Dictionary<string, string>();

    /// <summary>Makes tokens without a signature for this principal, which only brokers without any security take:
    /// <c>unsecuredLoginStringClaim_sub</c> of <c>sasl.jaas.config</c>.</summary>
    public string? UnsecuredPrincipal { get; init; }

    /// <summary><c>sasl.login.connect.timeout.ms</c> and <c>sasl.login.read.timeout.ms</c> together: how long the endpoint
    /// may take.</summary>
    public Duration RequestTimeout { get; init; } = Duration.FromSeconds(10);

    /// <summary><c>sasl.login.refresh.window.factor</c>: after this part of its lifetime a token is got anew.</summary>
    public double RefreshWindowFactor { get; init; } = 0.8;

    internal string? WhyInvalid =>
        UnsecuredPrincipal is not null ? null
        : TokenEndpoint is null ? "OAUTHBEARER needs sasl.oauthbearer.token.endpoint.url, or SaslOptions.TokenProvider"
        : TokenEndpoint.Scheme is not ("https" or "http")
            ? $"sasl.oauthbearer.token.endpoint.url is an https address, not {TokenEndpoint.Scheme}"
        : ClientId is null || ClientSecret is null
            ? "OAUTHBEARER needs sasl.oauthbearer.client.credentials.client.id and .client.secret"
        : null;
}
