using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Who somebody is for the brokers.</summary>
/// <param name="Type">Such as <c>User</c>.</param>
/// <param name="Name">Such as <c>alice</c>.</param>
public readonly record struct Principal(string Type, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Type}:{Name}";
}

/// <summary>A delegation token (KIP-48).</summary>
/// <param name="TokenId">Its id, the user name of SCRAM with it.</param>
/// <param name="Hmac">The secret that proves it, the password of SCRAM with it in base64.</param>
/// <param name="Owner">Who acts with it.</param>
/// <param name="Requester">Who asked for it; the owner with brokers before 3.3.</param>
/// <param name="Renewers">Who may renew it, besides the owner.</param>
/// <param name="IssuedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends unless it is renewed.</param>
/// <param name="EndsAt">When it ends in any case.</param>
public sealed record DelegationToken(
    string TokenId,
    ReadOnlyMemory<byte> Hmac,
    Principal Owner,
    Principal Requester,
    IReadOnlyList<Principal> Renewers,
    DateTimeOffset IssuedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset EndsAt);

/// <summary>Delegation tokens. Brokers take these calls over authenticated connections alone.</summary>
internal static class TokenAdmin
{
    /// <summary>Older versions make tokens for oneself alone (KIP-373).</summary>
    private const short FirstOwnerVersion = 3;

    public static ClientOperation<DelegationToken> Create(
        ClientMachine machine, ClientTurn turn, Principal? owner, IReadOnlyList<Principal> renewers, TimeSpan? maxLifetime) =>
        AdminCalls.Start<CreateDelegationTokenRequest, CreateDelegationTokenResponse, DelegationToken>(
            machine, turn, CallTarget.Any,
            _ => new CreateDelegationTokenRequest
            {
                OwnerPrincipalType = owner?.Type,
                OwnerPrincipalName = owner?.Name,
                Renewers = [.. renewers.Select(r => new CreateDelegationTokenRequest.CreatableRenewers
                {
                    PrincipalType = r.Type,
                    PrincipalName = r.Name,
                })],
                MaxLifetimeMs = Ms(maxLifetime),
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, null, "the delegation token was not made", operation, now)
                ?? AdminCalls.Done(operation, new DelegationToken(
                    answer.TokenId, answer.Hmac, new Principal(answer.PrincipalType, answer.PrincipalName),
                    Requester(
                        answer.TokenRequesterPrincipalType, answer.TokenRequesterPrincipalName, answer.PrincipalType, answer.PrincipalName),
                    renewers, Time(answer.IssueTimestampMs), Time(answer.ExpiryTimestampMs), Time(answer.MaxTimestampMs)), now),
            from: owner is null ? (short)0 : FirstOwnerVersion);

    /// <summary>The result is when it ends now.</summary>
    public static ClientOperation<DateTimeOffset> Renew(
        ClientMachine machine, ClientTurn turn, byte[] hmac, TimeSpan? period) =>
        AdminCalls.Start<RenewDelegationTokenRequest, RenewDelegationTokenResponse, DateTimeOffset>(
            machine, turn, CallTarget.Any,
            _ => new RenewDelegationTokenRequest { Hmac = hmac, RenewPeriodMs = Ms(period) },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, null, "the delegation token was not renewed", operation, now)
                ?? AdminCalls.Done(operation, Time(answer.ExpiryTimestampMs), now));

    /// <summary>Ends a token after a while, at once where none is given; the result is when.</summary>
    public static ClientOperation<DateTimeOffset> Expire(
        ClientMachine machine, ClientTurn turn, byte[] hmac, TimeSpan? period) =>
        AdminCalls.Start<ExpireDelegationTokenRequest, ExpireDelegationTokenResponse, DateTimeOffset>(
            machine, turn, CallTarget.Any,
            _ => new ExpireDelegationTokenRequest { Hmac = hmac, ExpiryTimePeriodMs = Ms(period) },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, null, "the delegation token was not ended", operation, now)
                ?? AdminCalls.Done(operation, Time(answer.ExpiryTimestampMs), now));

    /// <summary>The tokens of these owners, or all that one may see (null).</summary>
    public static ClientOperation<IReadOnlyList<DelegationToken>> Describe(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<Principal>? owners) =>
        AdminCalls.Start<DescribeDelegationTokenRequest, DescribeDelegationTokenResponse, IReadOnlyList<DelegationToken>>(
            machine, turn, CallTarget.Any,
            _ => new DescribeDelegationTokenRequest
            {
                Owners = owners?.Select(o => new DescribeDelegationTokenRequest.DescribeDelegationTokenOwner
                {
                    PrincipalType = o.Type,
                    PrincipalName = o.Name,
                }).ToList(),
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, null, "delegation tokens cannot be described", operation, now)
                ?? AdminCalls.Done(operation, [.. answer.Tokens.Select(t => new DelegationToken(
                    t.TokenId, t.Hmac, new Principal(t.PrincipalType, t.PrincipalName),
                    Requester(t.TokenRequesterPrincipalType, t.TokenRequesterPrincipalName, t.PrincipalType, t.PrincipalName),
                    [.. t.Renewers.Select(r => new Principal(r.PrincipalType, r.PrincipalName))],
                    Time(t.IssueTimestamp), Time(t.ExpiryTimestamp), Time(t.MaxTimestamp)))], now));

    private static Principal Requester(string type, string name, string ownerType, string ownerName) =>
        name.Length > 0 ? new Principal(type, name) : new Principal(ownerType, ownerName);

    private static long Ms(TimeSpan? span) => span is { } given ? (long)given.TotalMilliseconds : -1;

    private static DateTimeOffset Time(long ms) => UnixTime.Of(ms);
}
