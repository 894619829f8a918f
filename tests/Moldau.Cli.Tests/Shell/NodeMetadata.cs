using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shell;

/// <summary>A node that runs, with something of all that it serves in its metadata.</summary>
internal sealed class NodeMetadata : IDisposable
{
    private const string Password = "open-sesame";

    private static readonly Dictionary<string, string> Guarded = new(ServerOptions.WithoutRetention)
    {
        ["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        ["super.users"] = "User:ANONYMOUS",
        ["allow.everyone.if.no.acl.found"] = "true",
    };

    public NodeMetadata(string name)
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        if (name == Clusters.Apache && ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        IsApache = name == Clusters.Apache;
        Server = IsApache
            ? new ApacheServer(new ServerOptions { Properties = Guarded })
            : new MoldauServer(new ServerOptions { Properties = ServerOptions.WithoutRetention });
        Server.Start();
        Cluster cluster = new(Server);
        cluster.Run("topic", "create", "orders", "-p", "2", "-c", "retention.ms=5000").Succeeded();
        cluster.Run("topic", "create", "gone").Succeeded();
        cluster.Run("topic", "delete", "gone", "-y").Succeeded();
        cluster.Run("config", "set", "broker", "all", "log.retention.ms=60000").Succeeded();
        cluster.Run("config", "set", "group", "billing", "consumer.session.timeout.ms=50000").Succeeded();
        Serves = [];
        Try(cluster.Run("acl", "grant", "--user", "alice", "--topic", "orders", "--op", "read,write"), "acls");
        Try(cluster.Send(Password + "\n", "user", "create", "alice", "--scram", "sha512"), "scram");
        Try(cluster.Run("quota", "set", "--user", "alice", "produce=10MB"), "clientQuotas");
    }

    public bool IsApache { get; }

    public ServerUnderTest Server { get; }

    public string Folder => Path.Combine(Server.DataFolder, "__cluster_metadata-0");

    /// <summary>The folders of the image whose records the node can be made to write.</summary>
    public List<string> Serves { get; }

    public void Dispose() => Server.Dispose();

    private void Try(ProgramResult result, string folder)
    {
        if (result.ExitCode == 0) Serves.Add(folder);
        else Assert.False(IsApache, result.ToString());
    }
}
