using System.Text;

namespace Moldau.Client;

/// <summary>OAUTHBEARER (RFC 7628): one message with a token and extensions.</summary>
internal sealed class OAuthBearerExchange(OAuthToken token) : SaslExchange
{
    private const char Separator = '\u0001';

    public override SaslStep Begin()
    {
        StringBuilder text = new();
        text.Append("n,,").Append(Separator).Append("auth=Bearer ").Append(token.Value.Reveal()).Append(Separator);
        foreach ((string name, string value) in token.Extensions) text.Append(name).Append('=').Append(value).Append(Separator);
        return new SaslStep(Encoding.UTF8.GetBytes(text.Append(Separator).ToString()));
    }

    /// <summary>A broker that refuses says why in JSON and waits for one more message before it closes.</summary>
    public override SaslStep Take(ReadOnlySpan<byte> answer) => answer.IsEmpty
        ? SaslStep.Over
        : new SaslStep(Problem: $"the token was refused: {Encoding.UTF8.GetString(answer)}");
}
