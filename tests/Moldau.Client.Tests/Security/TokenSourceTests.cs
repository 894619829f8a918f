namespace Moldau.Client.Tests.Security;

/// <summary>One token for all links, got anew before it ends.</summary>
public sealed class TokenSourceTests
{
    private readonly Clock _clock = new();

    [Fact]
    public async Task Token_IsKept_UntilFourFifthsOfItsLifeAreOver()
    {
        int asked = 0;
        using TokenSource source = Source(_ =>
            new ValueTask<OAuthToken>(new OAuthToken($"t{++asked}", _clock.Now.AddSeconds(100).ToUnixTimeMilliseconds())));
        Assert.Equal("t1", (await GetAsync(source)).Token!.Value.Reveal());
        _clock.Now += TimeSpan.FromSeconds(79);
        Assert.Equal("t1", (await GetAsync(source)).Token!.Value.Reveal());
        _clock.Now += TimeSpan.FromSeconds(2);
        Assert.Equal("t2", (await GetAsync(source)).Token!.Value.Reveal());
    }

    [Fact]
    public async Task ManyLinks_AskOnce()
    {
        TaskCompletionSource<OAuthToken> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int asked = 0;
        using TokenSource source = Source(async _ =>
        {
            asked++;
            return await answer.Task;
        });
        Task<TokenJob>[] all = [.. Enumerable.Range(0, 8).Select(_ => GetAsync(source))];
        answer.SetResult(new OAuthToken("t", long.MaxValue / 2));
        foreach (Task<TokenJob> one in all) Assert.NotNull((await one).Token);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task ProviderThatThrows_MakesTheLinkFail_AndIsAskedAgain()
    {
        int asked = 0;
        using TokenSource source = Source(_ => asked++ == 0
            ? throw new InvalidOperationException("the vault is closed")
            : new ValueTask<OAuthToken>(new OAuthToken("t", long.MaxValue / 2)));
        TokenJob failed = await GetAsync(source);
        Assert.Contains("the vault is closed", failed.Failure!.Text, StringComparison.Ordinal);
        Assert.False(failed.Failure.IsFinal);
        Assert.NotNull((await GetAsync(source)).Token);
    }

    private TokenSource Source(OAuthTokenProvider provider) =>
        new(new SaslOptions { Mechanism = SaslMechanism.OAuthBearer, TokenProvider = provider }, _clock);

    private static async Task<TokenJob> GetAsync(TokenSource source)
    {
        TokenJob job = new(1);
        await source.FillAsync(job);
        return job;
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
