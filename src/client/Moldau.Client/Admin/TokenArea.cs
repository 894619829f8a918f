namespace Moldau.Client;

/// <summary>Delegation tokens. Brokers deal with them over authenticated connections alone, and where
/// <c>delegation.token.secret.key</c> is set.</summary>
public sealed class TokenArea : AdminArea
{
    internal TokenArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>Makes a token.</summary>
    /// <param name="owner">Who is to act with it; null for oneself.</param>
    /// <param name="renewers">Who may renew it besides the owner.</param>
    /// <param name="maxLifetime">When it ends in any case; null for what the brokers allow.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">It was not made.</exception>
    public Task<DelegationToken> CreateAsync(
        Principal? owner = null,
        IReadOnlyCollection<Principal>? renewers = null,
        TimeSpan? maxLifetime = null,
        CancellationToken cancel = default) =>
        RunAsync(
            (owner, Renewers: renewers?.ToArray() ?? [], maxLifetime),
            static (machine, turn, s) => TokenAdmin.Create(machine, turn, s.owner, s.Renewers, s.maxLifetime), cancel);

    /// <summary>Lets a token live on; the result is when it ends now.</summary>
    /// <param name="hmac">The token's secret.</param>
    /// <param name="period">For how long from now; null for the brokers' default.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">It was not renewed.</exception>
    public Task<DateTimeOffset> RenewAsync(
        ReadOnlyMemory<byte> hmac, TimeSpan? period = null, CancellationToken cancel = default) =>
        RunAsync(
            (Hmac: hmac.ToArray(), period), static (machine, turn, s) => TokenAdmin.Renew(machine, turn, s.Hmac, s.period), cancel);

    /// <summary>Lets a token end; the result is when.</summary>
    /// <param name="hmac">The token's secret.</param>
    /// <param name="period">After how long; null for at once.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">It was not ended.</exception>
    public Task<DateTimeOffset> ExpireAsync(
        ReadOnlyMemory<byte> hmac, TimeSpan? period = null, CancellationToken cancel = default) =>
        RunAsync(
            (Hmac: hmac.ToArray(), period), static (machine, turn, s) => TokenAdmin.Expire(machine, turn, s.Hmac, s.period), cancel);

    /// <summary>The tokens of these owners, or all that one may see (null).</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyList<DelegationToken>> DescribeAsync(
        IReadOnlyCollection<Principal>? owners = null, CancellationToken cancel = default) =>
        RunAsync(owners?.ToArray(), static (machine, turn, o) => TokenAdmin.Describe(machine, turn, o), cancel);
}
