using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Admin;

public sealed class QuotaAndUserTests(Servers servers)
{
    private const string Produce = "producer_byte_rate";

    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Quotas_AreSetDescribedAndTakenAway(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        QuotaArea quotas = client.Admin.Quotas;
        QuotaEntity alice = new(User: new("alice"), ClientId: QuotaName.Default);
        QuotaEntity address = new(Ip: new("10.1.2.3"));
        QuotaAlteration[] sets =
        [
            new(alice, new Dictionary<string, double?> { [Produce] = 1_000_000, ["request_percentage"] = 12.5 }),
            new(address, new Dictionary<string, double?> { ["connection_creation_rate"] = 20 }),
            new(new QuotaEntity(User: new("bob")), new Dictionary<string, double?> { ["no_such_rate"] = 1 }),
        ];
        if (!await Offered.HasAsync(node, ApiKey.DescribeClientQuotas, () => quotas.DescribeAsync(null, Cancel))
            | !await Offered.HasAsync(node, ApiKey.AlterClientQuotas, () => quotas.AlterAsync(sets, false, Cancel))) return;
        var set = await quotas.AlterAsync(sets, false, Cancel);
        Assert.Null(set[alice]);
        Assert.Null(set[address]);
        Assert.Contains("no_such_rate", set[new QuotaEntity(User: new("bob"))]!.Text, StringComparison.Ordinal);
        await Eventually.UntilAsync(async () => (await quotas.DescribeAsync(null, Cancel)).Count == 2);
        ClientQuota ofAlice = Assert.Single(await quotas.DescribeAsync(
            new QuotaFilter { User = QuotaMatch.Of("alice"), ClientId = QuotaMatch.Default, IsStrict = true }, Cancel));
        Assert.Equal(alice, ofAlice.Entity);
        Assert.Equal((1_000_000, 12.5), (ofAlice.Values[Produce], ofAlice.Values["request_percentage"]));
        Assert.Equal("user=alice client-id=(default)", alice.ToString());
        Assert.Empty(await quotas.DescribeAsync(new QuotaFilter { User = QuotaMatch.Any, IsStrict = true }, Cancel));
        Assert.Equal(address, Assert.Single(await quotas.DescribeAsync(new QuotaFilter { Ip = QuotaMatch.Any }, Cancel)).Entity);

        QuotaAlteration[] removals =
        [
            new(alice, new Dictionary<string, double?> { [Produce] = null, ["request_percentage"] = null }),
            new(address, new Dictionary<string, double?> { ["connection_creation_rate"] = null }),
        ];
        Assert.All((await quotas.AlterAsync(removals, true, Cancel)).Values, Assert.Null);
        Assert.Equal(2, (await quotas.DescribeAsync(null, Cancel)).Count);
        Assert.All((await quotas.AlterAsync(removals, false, Cancel)).Values, Assert.Null);
        await Eventually.UntilAsync(async () => (await quotas.DescribeAsync(null, Cancel)).Count == 0);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Users_AreMadeDescribedAndDeleted(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        UserArea users = client.Admin.Users;
        ScramPassword[] passwords =
        [
            new("carol", ScramMechanism.Sha256, "secret") { Iterations = 8192 },
            new("dave", ScramMechanism.Sha512, "secret"),
            new("eve", ScramMechanism.Sha256, "secret") { Iterations = 100 },
        ];
        if (!await Offered.HasAsync(node, ApiKey.DescribeUserScramCredentials, () => users.DescribeAsync(null, Cancel))
            | !await Offered.HasAsync(node, ApiKey.AlterUserScramCredentials, () => users.AlterAsync(passwords, null, Cancel))) return;
        var made = await users.AlterAsync(passwords, null, Cancel);
        Assert.Equal(
            [("carol", ErrorCode.None), ("dave", ErrorCode.None), ("eve", ErrorCode.UnacceptableCredential)],
            made.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => (m.Key, m.Value?.Code ?? ErrorCode.None)));
        await Eventually.UntilAsync(async () => (await users.DescribeAsync(null, Cancel)).Count == 2);
        var described = await users.DescribeAsync(["carol", "nobody"], Cancel);
        Assert.Equal([new ScramCredential(ScramMechanism.Sha256, 8192)], described["carol"].Value!);
        Assert.Equal(ErrorCode.ResourceNotFound, described["nobody"].Error!.Code);

        var deleted = await users.AlterAsync(
            [], [new("carol", ScramMechanism.Sha256), new("dave", ScramMechanism.Sha512), new("nobody", ScramMechanism.Sha256)], Cancel);
        Assert.Equal((null, null), (deleted["carol"], deleted["dave"]));
        Assert.Equal(ErrorCode.ResourceNotFound, deleted["nobody"]!.Code);
        await Eventually.UntilAsync(async () => (await users.DescribeAsync(null, Cancel)).Count == 0);
    }

    /// <summary>The example of RFC 7677: user "user", password "pencil".</summary>
    [Fact]
    public void SaltedPassword_IsThatOfTheRfc()
    {
        SaltedCredential salted = UserArea.Salted(new ScramPassword("user", ScramMechanism.Sha256, "pencil")
        {
            Salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="),
        });
        byte[] clientKey = System.Security.Cryptography.HMACSHA256.HashData(salted.SaltedPassword, "Client Key"u8);
        byte[] storedKey = System.Security.Cryptography.SHA256.HashData(clientKey);
        byte[] signature = System.Security.Cryptography.HMACSHA256.HashData(
            storedKey,
            "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"u8);
        string proof = Convert.ToBase64String([.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))]);
        Assert.Equal("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", proof);
    }

    [Fact]
    public void Password_IsNotInAnyText() =>
        Assert.DoesNotContain("secret", new ScramPassword("u", ScramMechanism.Sha256, "secret").ToString(), StringComparison.Ordinal);
}
