using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Admin;

[Collection("pair")]
public sealed class AclAreaTests(Servers servers, Pair pair)
{
    private static readonly AclBinding _literal = new(
        AclResourceType.Topic, "acl-orders", AclPatternType.Literal, "User:alice", "*", AclOperation.Read, AclPermission.Allow);

    private static readonly AclBinding _prefixed = new(
        AclResourceType.Topic, "acl-", AclPatternType.Prefixed, "User:bob", "127.0.0.1", AclOperation.All, AclPermission.Deny);

    private static CancellationToken Cancel => Patience.Token;

    [Fact]
    public async Task Rules_AreMadeDescribedAndDeleted()
    {
        await using MoldauClient client = new(pair.Get().First.Bootstrap);
        AclArea acls = client.Admin.Acls;
        var made = await acls.CreateAsync([_literal, _prefixed], Cancel);
        Assert.Equal(2, made.Count);
        Assert.All(made.Values, Assert.Null);
        AclFilter match = new() { ResourceType = AclResourceType.Topic, ResourceName = "acl-orders", PatternType = AclPatternType.Match };
        await Eventually.UntilAsync(async () => (await acls.DescribeAsync(match, Cancel)).Count == 2);
        Assert.Equal([_literal], await acls.DescribeAsync(new AclFilter { Principal = "User:alice" }, Cancel));

        var deleted = await acls.DeleteAsync([AclFilter.Of(_literal), new AclFilter { Principal = "User:bob" }, new AclFilter { Principal = "User:nobody" }], Cancel);
        Assert.Equal([_literal], deleted[0].Value!.Select(d => d.Binding));
        Assert.Equal([_prefixed], deleted[1].Value!.Select(d => d.Binding));
        Assert.Empty(deleted[2].Value!);
        await Eventually.UntilAsync(async () => (await acls.DescribeAsync(match, Cancel)).Count == 0);
    }

    [Fact]
    public async Task Rule_ThatMakesNoSense_IsRefusedByItself()
    {
        await using MoldauClient client = new(pair.Get().First.Bootstrap);
        AclBinding wrong = _literal with { ResourceType = AclResourceType.Cluster };
        var made = await client.Admin.Acls.CreateAsync([wrong], Cancel);
        Assert.Equal(ErrorCode.InvalidRequest, made[wrong]!.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task WithoutAnAuthorizer_AllOfItIsRefused(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        AclArea acls = client.Admin.Acls;
        if (await Offered.HasAsync(node, ApiKey.DescribeAcls, () => acls.DescribeAsync(null, Cancel)))
            Assert.Equal(
                ErrorCode.SecurityDisabled, (await Assert.ThrowsAsync<MoldauException>(() => acls.DescribeAsync(null, Cancel))).Error);
        if (await Offered.HasAsync(node, ApiKey.CreateAcls, () => acls.CreateAsync([_literal], Cancel)))
            Assert.Equal(ErrorCode.SecurityDisabled, (await acls.CreateAsync([_literal], Cancel))[_literal]!.Code);
        if (await Offered.HasAsync(node, ApiKey.DeleteAcls, () => acls.DeleteAsync([new AclFilter()], Cancel)))
            Assert.Equal(ErrorCode.SecurityDisabled, (await acls.DeleteAsync([new AclFilter()], Cancel))[0].Error!.Code);
    }
}
