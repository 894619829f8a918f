using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Keeps the token that all links of a client show, and gets it anew before it ends: one question at a time,
/// whoever needs it.</summary>
internal sealed class TokenSource : IDisposable
{
    private readonly OAuthTokenProvider _provider;
    private readonly double _refreshFactor;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1);
    private OAuthToken? _token;
    private long _refreshUnixMs;

    public TokenSource(SaslOptions options, TimeProvider time)
    {
        (_refreshFactor, _time) = (options.OAuth.RefreshWindowFactor, time);
        _provider = options.TokenProvider
            ?? (options.OAuth.UnsecuredPrincipal is { } principal
                ? _ => new ValueTask<OAuthToken>(UnsecuredToken.For(principal, options.OAuth, time.GetUtcNow()))
                : new ClientCredentials(options.OAuth, time).GetAsync);
    }

    /// <summary>Gets a token for a link and hands it to the job.</summary>
    public async Task FillAsync(TokenJob job)
    {
        try
        {
            job.Succeed(await GetAsync(CancellationToken.None).ConfigureAwait(false));
        }
        catch (TokenRefusedException error)
        {
            job.Fail(new LinkFailure(error.Message, IsFinal: true, ErrorCode.SaslAuthenticationFailed));
        }
#pragma warning disable CA1031 // a user's provider may throw anything; all of it means that there is no token now
        catch (Exception error)
#pragma warning restore CA1031
        {
            job.Fail(new LinkFailure($"no token could be got: {error.Message}"));
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<OAuthToken> GetAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            if (_token is { } known && now < _refreshUnixMs) return known;
            OAuthToken token = await _provider(cancel).ConfigureAwait(false)
                ?? throw new InvalidOperationException("the token provider gave none");
            _refreshUnixMs = now + (long)((token.ExpiresUnixMs - now) * _refreshFactor);
            return _token = token;
        }
        finally
        {
            _gate.Release();
        }
    }
}
