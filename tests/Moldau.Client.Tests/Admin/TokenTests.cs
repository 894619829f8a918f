using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Admin;

public sealed class TokenTests(Servers servers)
{
    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Tokens_OverAPlainConnection_AreRefused(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        TokenArea tokens = client.Admin.Tokens;
        (ApiKey Api, Func<Task> Ask)[] asks =
        [
            (ApiKey.CreateDelegationToken, () => tokens.CreateAsync(cancel: Cancel)),
            (ApiKey.RenewDelegationToken, () => tokens.RenewAsync(new byte[64], null, Cancel)),
            (ApiKey.ExpireDelegationToken, () => tokens.ExpireAsync(new byte[64], null, Cancel)),
            (ApiKey.DescribeDelegationToken, () => tokens.DescribeAsync(null, Cancel)),
        ];
        foreach ((ApiKey api, Func<Task> ask) in asks)
        {
            if (!await Offered.HasAsync(node, api, ask)) continue;
            ErrorCode code = (await Assert.ThrowsAsync<MoldauException>(ask)).Error;
            Assert.Contains(code, (ErrorCode[])[ErrorCode.DelegationTokenRequestNotAllowed, ErrorCode.DelegationTokenAuthDisabled]);
        }
    }

    [Fact]
    public void Token_IsMadeRenewedDescribedAndEnded()
    {
        MachineWorld world = new();
        DateTimeOffset start = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);
        ScriptedBroker broker = world.Broker(1, "one")
            .On(ApiKey.CreateDelegationToken, _ => new CreateDelegationTokenResponse
            {
                PrincipalType = "User",
                PrincipalName = "alice",
                TokenRequesterPrincipalType = "User",
                TokenRequesterPrincipalName = "bob",
                IssueTimestampMs = start.ToUnixTimeMilliseconds(),
                ExpiryTimestampMs = start.AddHours(1).ToUnixTimeMilliseconds(),
                MaxTimestampMs = start.AddHours(2).ToUnixTimeMilliseconds(),
                TokenId = "t1",
                Hmac = [1, 2, 3],
            })
            .On(ApiKey.RenewDelegationToken, _ => new RenewDelegationTokenResponse
            {
                ExpiryTimestampMs = start.AddHours(2).ToUnixTimeMilliseconds(),
            })
            .On(ApiKey.ExpireDelegationToken, _ => new ExpireDelegationTokenResponse
            {
                ErrorCode = (short)ErrorCode.DelegationTokenNotFound,
            })
            .On(ApiKey.DescribeDelegationToken, _ => new DescribeDelegationTokenResponse
            {
                Tokens = [new DescribeDelegationTokenResponse.DescribedDelegationToken { PrincipalType = "User", PrincipalName = "alice", TokenId = "t1", Hmac = [1] }],
            });
        Principal alice = new("User", "alice");
        Principal carol = new("User", "carol");
        DelegationToken token = Ended(world, (m, t) => TokenAdmin.Create(m, t, alice, [carol], TimeSpan.FromHours(2))).Result;
        Assert.Equal(("t1", alice, new Principal("User", "bob")), (token.TokenId, token.Owner, token.Requester));
        Assert.Equal((start, start.AddHours(1), start.AddHours(2)), (token.IssuedAt, token.ExpiresAt, token.EndsAt));
        CreateDelegationTokenRequest asked = (CreateDelegationTokenRequest)Assert.Single(broker.Of(ApiKey.CreateDelegationToken)).Message;
        Assert.Equal(("alice", "carol", 7_200_000), (asked.OwnerPrincipalName, asked.Renewers[0].PrincipalName, asked.MaxLifetimeMs));

        Assert.Equal(start.AddHours(2), Ended(world, (m, t) => TokenAdmin.Renew(m, t, [1, 2, 3], null)).Result);
        Assert.Equal(-1, ((RenewDelegationTokenRequest)broker.Of(ApiKey.RenewDelegationToken).Single().Message).RenewPeriodMs);
        Assert.Equal(ErrorCode.DelegationTokenNotFound, Ended(world, (m, t) => TokenAdmin.Expire(m, t, [1, 2, 3], null)).Error!.Code);
        Assert.Equal("t1", Ended(world, (m, t) => TokenAdmin.Describe(m, t, [alice])).Result.Single().TokenId);
    }

    [Fact]
    public void Token_ForAnotherOwner_FromAnOldBroker_IsUnsupported()
    {
        MachineWorld world = new();
        world.Broker(1, "one").HighestVersions[ApiKey.CreateDelegationToken] = 2;
        ClientError error = Ended(world, (m, t) => TokenAdmin.Create(m, t, new Principal("User", "alice"), [], null)).Error!;
        Assert.Equal(ErrorCode.UnsupportedVersion, error.Code);
        Assert.Contains("CreateDelegationToken", error.Text, StringComparison.Ordinal);
    }

    private static ClientOperation<T> Ended<T>(MachineWorld world, Func<ClientMachine, ClientTurn, ClientOperation<T>> start)
    {
        ClientOperation<T> operation = world.Do(start);
        world.RunUntil(() => operation.IsDone);
        return operation;
    }
}
