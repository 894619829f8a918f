using System.Buffers.Text;
using System.Text.Json;

namespace Moldau.Client;

/// <summary>Tokens without a signature, which brokers take that were told to take any.</summary>
internal static class UnsecuredToken
{
    private static readonly TimeSpan _life = TimeSpan.FromHours(1);

    public static OAuthToken For(string principal, OAuthOptions options, DateTimeOffset now)
    {
        using MemoryStream claims = new();
        using (Utf8JsonWriter json = new(claims))
        {
            json.WriteStartObject();
            json.WriteString("sub", principal);
            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + _life).ToUnixTimeSeconds());
            if (options.Scope is { } scope) json.WriteString("scope", scope);
            json.WriteEndObject();
        }

        string head = Base64Url.EncodeToString("{\"alg\":\"none\"}"u8);
        string body = Base64Url.EncodeToString(claims.ToArray());
        return new OAuthToken($"{head}.{body}.", (now + _life).ToUnixTimeMilliseconds()) { Extensions = options.Extensions };
    }
}
