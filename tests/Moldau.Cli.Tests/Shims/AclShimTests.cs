using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary><c>kafka-acls</c> as <c>moldau</c> does it.</summary>
public sealed class AclShimTests
{
    private static readonly Dictionary<string, string> Guarded = new()
    {
        ["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        ["super.users"] = "User:ANONYMOUS",
        ["allow.everyone.if.no.acl.found"] = "true",
    };

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Rules_AreKeptAsByTheOriginal(string name) => ShimComparison.Run(
        name, "acls", AclShimCases.All, (_, scratch) => File.WriteAllText(scratch["client.properties"], "client.id=acls\n"),
        properties: name == Clusters.Apache ? Guarded : null);

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void WithoutAnAuthorizer_TheAnswerIsTheOriginals(string name) => ShimComparison.Run(name, "acls-off", AclShimCases.Unguarded);

    /// <summary>The original asks a terminal and fails without one, so its answer is not compared.</summary>
    [Fact]
    public void Removal_IsAskedFor_AndHappensAfterAYes()
    {
        if (ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        using ApacheServer server = new(new ServerOptions { Properties = Guarded });
        server.Start();
        string[] who = ["--allow-principal", "User:anna", "--operation", "Read", "--topic", "orders"];
        Run("", "--add", who).Succeeded();
        const string Pattern = "ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL)";
        const string Rule = "(principal=User:anna, host=*, operation=READ, permissionType=ALLOW)";
        const string Listed = $"Current ACLs for resource `{Pattern}`:\n\t{Rule}\n\n";
        foreach (string no in (string[])["n\n", "yes\n", ""])
        {
            Assert.Equal(
                $"Are you sure you want to remove ACLs: \n \t{Rule}\n from resource filter `{Pattern}`? (y/n)\n",
                Run(no, "--remove", who).Succeeded());
            Assert.Equal(Listed, Run("", "--list").Succeeded());
        }

        Assert.Equal(
            $"Are you sure you want to delete all ACLs for resource filter `{Pattern}`? (y/n)\n", Run("Y\n", "--remove", "--topic", "orders").Succeeded());
        Assert.Equal("", Run("", "--list").Succeeded());

        ProgramResult Run(string input, string action, params string[] options) => ChildProcess.Run(
            MoldauServer.Executable, ["kafka-acls", "--bootstrap-server", server.Bootstrap, action, .. options], Cli.Patience, input);
    }
}
