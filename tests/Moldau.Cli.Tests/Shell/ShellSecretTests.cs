using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shell;

/// <summary>What both doors keep to themselves.</summary>
public sealed class ShellSecretTests
{
    public static TheoryData<string> Doors => new("moldau", "kafka");

    [Theory]
    [MemberData(nameof(Doors))]
    public void KeysOfUsers_AreNotTold(string door)
    {
        string tree = Tree(door, "/image/scram");
        Assert.Contains("alice", tree, StringComparison.Ordinal);
        foreach (byte[] secret in (ReadOnlySpan<byte[]>)[MadeMetadata.Salt, MadeMetadata.StoredKey, MadeMetadata.ServerKey])
        {
            Assert.DoesNotContain(Convert.ToHexStringLower(secret)[..8], tree, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Convert.ToBase64String(secret)[..8], tree, StringComparison.Ordinal);
        }

        Assert.Equal(6, Hidden(tree));
    }

    /// <summary>A password, one of a listener, and properties that nobody knows, which may be a plug-in's password.</summary>
    [Theory]
    [MemberData(nameof(Doors))]
    public void SensitiveProperties_AreNotTold(string door)
    {
        string tree = Tree(door, "/image/configs");
        Assert.Contains("ssl.keystore.password", tree, StringComparison.Ordinal);
        Assert.Contains("listener.name.external.ssl.key.password", tree, StringComparison.Ordinal);
        Assert.DoesNotContain(MadeMetadata.Secret, tree, StringComparison.Ordinal);
        Assert.Equal(4, Hidden(tree));
        Assert.Contains("5000", tree, StringComparison.Ordinal);
    }

    /// <summary>No record holds a token's HMAC: a broker computes it from the id. So nothing but the record's fields may be
    /// there.</summary>
    [Theory]
    [InlineData("moldau", "token-1: {\"tokenId\":\"token-1\",\"owner\":\"User:alice\",\"requester\":\"User:admin\",\"renewers\":[\"User:bob\",\"User:carol\"],"
        + "\"issueTimestamp\":1700000000000,\"maxTimestamp\":1700000900000,\"expiryTimestamp\":1700000100000}\n")]
    [InlineData("kafka", "token-1:\n  DelegationTokenDatatokenId=token-1(owner=User:alice(tokenRequester=User:admin(renewers=User:bob User:carol, "
        + "issueTimestamp=1700000000000, maxTimestamp=1700000900000), expiryTimestamp=1700000100000\n")]
    public void Tokens_AreShownWithoutTheirHmac(string door, string expected) => Assert.Equal(expected, Tree(door, "/image/delegationToken"));

    private static int Hidden(string tree) => tree.Split("[hidden]").Length + tree.Split("[redacted]").Length - 2;

    private static string Tree(string door, string path)
    {
        using MadeMetadata made = new(hasMore: true);
        return door == "kafka"
            ? Cli.Run("kafka-metadata-shell", "-s", made.Snapshot, "tree", path).Succeeded()
            : QuorumShellTests.Shell(made, "tree", path).Succeeded();
    }
}
