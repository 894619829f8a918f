using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Moldau.Client;

/// <summary>Tokens for a client's id and secret (RFC 6749 section 4.4, KIP-768).</summary>
internal sealed class ClientCredentials(OAuthOptions options, TimeProvider time)
{
    private const int MostBytes = 1 << 20;
    private const int MostSaidChars = 200;

    /// <summary>Of a token whose provider does not say how long it lives.</summary>
    private static readonly TimeSpan _shortLife = TimeSpan.FromMinutes(1);

    public async ValueTask<OAuthToken> GetAsync(CancellationToken cancel)
    {
        using HttpClient http = new() { MaxResponseContentBufferSize = MostBytes };
        http.Timeout = TimeSpan.FromMilliseconds(options.RequestTimeout.Ms);
        using HttpRequestMessage request = new(HttpMethod.Post, options.TokenEndpoint);
        string id = options.UrlEncodesHeader ? Uri.EscapeDataString(options.ClientId!) : options.ClientId!;
        string secret = options.ClientSecret!.Reveal();
        if (options.UrlEncodesHeader) secret = Uri.EscapeDataString(secret);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}")));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        List<KeyValuePair<string, string>> form = [new("grant_type", "client_credentials")];
        if (options.Scope is { Length: > 0 } scope) form.Add(new("scope", scope));
        request.Content = new FormUrlEncodedContent(form);
        using HttpResponseMessage answer = await http.SendAsync(request, cancel).ConfigureAwait(false);
        byte[] body = await answer.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode) throw Refusal(answer.StatusCode, body);
        return Read(body) with { Extensions = options.Extensions };
    }

    private Exception Refusal(HttpStatusCode status, byte[] body)
    {
        string said = Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, MostSaidChars)).ReplaceLineEndings(" ");
        string text = $"{options.TokenEndpoint} gave no token: {(int)status} {said}".TrimEnd();
        bool mayHelpLater = (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;
        return mayHelpLater ? new IOException(text) : new TokenRefusedException(text);
    }

    private OAuthToken Read(byte[] body)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            string token = json.RootElement.GetProperty("access_token").GetString()!;
            DateTimeOffset ends = json.RootElement.TryGetProperty("expires_in", out JsonElement seconds)
                ? time.GetUtcNow().AddSeconds(Number(seconds))
                : JwtExpiry(token) ?? time.GetUtcNow() + _shortLife;
            return new OAuthToken(token, ends.ToUnixTimeMilliseconds());
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException)
        {
            // The answer may hold a token: nothing of it is told.
            throw new TokenRefusedException($"the answer of {options.TokenEndpoint} has no access_token that can be read");
        }
    }

    private static double Number(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture)
        : value.GetDouble();

    private static DateTimeOffset? JwtExpiry(string token)
    {
        string[] parts = token.Split('.');
        if (parts.Length != 3) return null;
        using JsonDocument claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
        return claims.RootElement.TryGetProperty("exp", out JsonElement exp)
            ? DateTimeOffset.FromUnixTimeSeconds((long)exp.GetDouble())
            : null;
    }
}

/// <summary>The identity provider said no: the same question again does not help.</summary>
internal sealed class TokenRefusedException(string text) : Exception(text);
