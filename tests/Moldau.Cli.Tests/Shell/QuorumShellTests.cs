using System.Text.RegularExpressions;
using Moldau.Cli.Tests.Sessions;
using Moldau.Cli.Tests.Verbs;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shell;

/// <summary><c>moldau quorum shell</c>: what it shows, in which form, and what it does not show.</summary>
public sealed class QuorumShellTests
{
    [Fact]
    public void Tree_ShowsAllThatTheRecordsHold()
    {
        using MadeMetadata made = new();
        Assert.Equal(
            """
            acls:
              byId:
                AAAAAAAAAKwAAAAAAAAAAQ: {"resourceType":"DELEGATION_TOKEN","resourceName":"*","patternType":"PREFIXED","principal":"User:alice","host":"10.0.0.1","operation":"IDEMPOTENT_WRITE","permission":"DENY"}
            clientQuotas:
              clientId(a\(b\))_user(alice):
                producer_byte_rate: 10485760
              user(bob/smith):
                request_percentage: 12.5
            cluster:
              brokers:
                1: {"id":1,"epoch":7,"incarnationId":"AAAAAAAAAAsAAAAAAAAADA","listeners":[{"name":"PLAIN","host":"localhost","port":9092,"securityProtocol":"PLAINTEXT"},{"name":"EXTERNAL","host":"broker.example","port":9094,"securityProtocol":"SASL_SSL"}],"features":{"group.version":{"min":1,"max":1},"metadata.version":{"min":7,"max":33}},"rack":"east","fenced":true,"inControlledShutdown":false,"migratingZkBroker":false,"directories":["AAAAAAAAAJkAAAAAAAAAAQ","AAAAAAAAAHcAAAAAAAAAiA"],"cordonedDirectories":["AAAAAAAAAHcAAAAAAAAAiA"]}
              controllers:
                1: {"id":1,"incarnationId":"AAAAAAAAAA0AAAAAAAAADg","zkMigrationReady":false,"listeners":[{"name":"CONTROLLER","host":"localhost","port":9093,"securityProtocol":"PLAINTEXT"}],"features":{"kraft.version":{"min":0,"max":32767}}}
            configs:
              BROKER:
                log.retention.ms: "1000"
              BROKER:1:
                listener.name.external.ssl.key.password: "[hidden]"
                some.plugin.token: "[hidden]"
                ssl.keystore.password: "[hidden]"
              CLIENT_METRICS:m-1:
                interval.ms: "60000"
              GROUP:billing:
                consumer.session.timeout.ms: "50000"
              TOPIC:orders:
                retention.ms: "5000"
            delegationToken:
              token-1: {"tokenId":"token-1","owner":"User:alice","requester":"User:admin","renewers":["User:bob","User:carol"],"issueTimestamp":1700000000000,"maxTimestamp":1700000900000,"expiryTimestamp":1700000100000}
            features:
              finalized_group.version: 1
              metadataVersion: "4.4-IV2"
              zkMigrationState: "POST_MIGRATION"
            producerIds:
              nextProducerId: 2000
            provenance: {"offset":102,"epoch":4,"time":"2023-11-14T22:13:23.25Z"}
            scram:
              SCRAM-SHA-256:
                alice: {"iterations":4096,"salt":"[hidden]","storedKey":"[hidden]","serverKey":"[hidden]"}
              SCRAM-SHA-512:
                alice: {"iterations":8192,"salt":"[hidden]","storedKey":"[hidden]","serverKey":"[hidden]"}
            topics:
              byId:
                AAAAAAAAAJoAAAAAAAAAvA:
                  id: "AAAAAAAAAJoAAAAAAAAAvA"
                  name: "later"
                AAAAAAAAEjQAAAAAAABWeA:
                  0: {"replicas":[1,2],"directories":["AAAAAAAAAHcAAAAAAAAAiA","AAAAAAAAAAAAAAAAAAAAAA"],"isr":[1],"removingReplicas":[],"addingReplicas":[2],"elr":[1],"lastKnownElr":[2],"leader":null,"leaderRecoveryState":"RECOVERED","leaderEpoch":5,"partitionEpoch":6}
                  1: {"replicas":[1,2],"directories":["AAAAAAAAAHcAAAAAAAAAiA","AAAAAAAAAAAAAAAAAAAAAA"],"isr":[2],"removingReplicas":[],"addingReplicas":[2],"elr":[],"lastKnownElr":[],"leader":2,"leaderRecoveryState":"RECOVERING","leaderEpoch":6,"partitionEpoch":7}
                  id: "AAAAAAAAEjQAAAAAAABWeA"
                  name: "orders"
              byName:
                later:
                  id: "AAAAAAAAAJoAAAAAAAAAvA"
                  name: "later"
                orders:
                  0: {"replicas":[1,2],"directories":["AAAAAAAAAHcAAAAAAAAAiA","AAAAAAAAAAAAAAAAAAAAAA"],"isr":[1],"removingReplicas":[],"addingReplicas":[2],"elr":[1],"lastKnownElr":[2],"leader":null,"leaderRecoveryState":"RECOVERED","leaderEpoch":5,"partitionEpoch":6}
                  1: {"replicas":[1,2],"directories":["AAAAAAAAAHcAAAAAAAAAiA","AAAAAAAAAAAAAAAAAAAAAA"],"isr":[2],"removingReplicas":[],"addingReplicas":[2],"elr":[],"lastKnownElr":[],"leader":2,"leaderRecoveryState":"RECOVERING","leaderEpoch":6,"partitionEpoch":7}
                  id: "AAAAAAAAEjQAAAAAAABWeA"
                  name: "orders"

            """, Shell(made, "tree", "/image").Succeeded());
        Assert.Equal(
            """
            kraftVersion: 1
            lastElection: {"leader":1,"epoch":4}
            snapshot: "00000000000000000100-0000000003.checkpoint"
            voters:
              1: {"id":1,"directoryId":"AAAAAAAAAHcAAAAAAAAAiA","endpoints":[{"name":"CONTROLLER","host":"localhost","port":9093}],"kraftVersion":{"min":0,"max":1}}

            """, Shell(made, "tree", "/quorum").Succeeded());
    }

    [Fact]
    public void Snapshot_Alone_EndsWhereItsNameSays()
    {
        using MadeMetadata made = new();
        Assert.Equal(
            "{\n  \"offset\": 99,\n  \"epoch\": 3,\n  \"time\": \"2023-11-14T22:13:20.5Z\"\n}\n",
            Cli.Run("quorum", "shell", "-s", made.Snapshot, "cat", "/image/provenance").Succeeded());
        Assert.Equal("orders\n", Cli.Run("quorum", "shell", "-s", made.Snapshot, "ls", "/image/topics/byName").Succeeded());
    }

    [Fact]
    public void Formats_AreThoseOfAllVerbs()
    {
        using MadeMetadata made = new();
        const string Features = "/image/features";
        Assert.Equal(
            """
            {"path":"/image/features/finalized_group.version","kind":"value","value":1}
            {"path":"/image/features/metadataVersion","kind":"value","value":"4.4-IV2"}
            {"path":"/image/features/zkMigrationState","kind":"value","value":"POST_MIGRATION"}

            """, Shell(made, "ls", Features, "-o", "ndjson").Succeeded());
        Assert.Equal(
            "- path: /image/provenance\n  kind: value\n  value: {\"offset\":102,\"epoch\":4,\"time\":\"2023-11-14T22:13:23.25Z\"}\n",
            Shell(made, "cat", "/image/provenance", "-o", "yaml").Succeeded());
        Assert.Equal(
            "[\n  {\n    \"path\": \"/image/provenance\",\n    \"kind\": \"value\",\n    \"value\": {\n      \"offset\": 102,\n      \"epoch\": 4,\n"
            + "      \"time\": \"2023-11-14T22:13:23.25Z\"\n    }\n  }\n]\n",
            Shell(made, "tree", "/image/provenance", "-o", "json").Succeeded());
        Assert.Equal("/quorum/voters\n/quorum/voters/1\n", Shell(made, "find", "/quorum/voters", "-o", "name").Succeeded());
        RemoveAccessControlEntryRecord removed = new() { Id = new Base.Uuid(0xac, 1) };
        using MadeMetadata more = new(log: [MadeMetadata.OfRecords(100, removed)]);
        Assert.Equal("[]\n", Shell(more, "ls", "/image/acls/byId", "-o", "json").Succeeded());
        Assert.Contains("any", Cli.Run("quorum", "shell", "-o", "schema").Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public void Paths_HaveWildcards_AndBackslashesForPlainCharacters()
    {
        using MadeMetadata made = new(hasMore: true);
        Assert.Equal("image\nlocal\nquorum\n", Shell(made, "ls", "-1", "/").Succeeded());
        Assert.Equal("\"orders\"\n\"later\"\n", Shell(made, "cat", "/image/topics/byName/orders/name", "/image/topics/byN?me/{later,never}/na*").Succeeded());
        Assert.Equal("clientId(a\\(b\\))_user(alice)\nuser(<default>)\nuser(bob/smith)\n", Shell(made, "ls", "/image/clientQuotas").Succeeded());
        Assert.Equal("\"DEBUG\"\n", Shell(made, "cat", "/image/configs/BROKER_LOGGER:1/org.apache.kafka").Succeeded());
        string[] found = Shell(made, "find", "/image/clientQuotas").Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("/image/clientQuotas/user(bob\\/smith)/request_percentage", found);
        foreach (string path in found) Shell(made, "ls", path).Succeeded();
        Assert.Equal("12.5\n", Shell(made, "cat", "/image/clientQuotas/user(bob\\/smith)/request_percentage").Succeeded());
    }

    [Fact]
    public void Pipe_IsReadLineByLine_WithoutPrompts()
    {
        using MadeMetadata made = new();
        ProgramResult result = Piped(made, "cd /image/topics\npwd\n\nls byName\ncat 'byName/orders/name'\nhistory 1\nexit\npwd\n");
        Assert.Equal("/image/topics\nlater\norders\n\"orders\"\n    4  history 1\n", result.Succeeded());
        Assert.Equal("", result.Error);
        ProgramResult wrong = Piped(made, "cat /nowhere\nlss\npwd\n'open\nhelp\nman cat\n");
        Assert.Equal(3, wrong.ExitCode);
        Assert.StartsWith("/\ncat targets [targets ...]", wrong.Output, StringComparison.Ordinal);
        Assert.Equal(
            "moldau: there is no '/nowhere' in the metadata; 'ls' and 'find' show what there is\n"
            + "moldau: the shell has no command 'lss'; did you mean 'ls'?\nmoldau: a quote does not end\n", wrong.Error);
    }

    [Fact]
    public void WrongCalls_AreRefused()
    {
        using MadeMetadata made = new();
        Cli.AssertRefused(Shell(made, "ls", "/nowhere"), 3, "there is no '/nowhere'");
        Cli.AssertRefused(Shell(made, "cat", "/nowhere/at/all"), 3, "there is no '/nowhere/at/all'");
        Cli.AssertRefused(Shell(made, "bogus"), 2, "the shell has no command 'bogus'");
        Cli.AssertRefused(Shell(made, "cat"), 2, "'cat' needs more than that: cat targets [targets ...]");
        Cli.AssertRefused(Shell(made, "cat", "/image"), 2, "'/image' is a folder");
        Cli.AssertRefused(Shell(made, "pwd", "now"), 2, "'now' is not understood");
        Cli.AssertRefused(Shell(made, "history", "x"), 2, "'x' is no whole number");
        Cli.AssertRefused(Cli.Run("quorum", "shell", "-d", made.Data, "-s", made.Snapshot, "ls"), 2, "--data and --snapshot exclude each other");
        Cli.AssertRefused(Cli.Run("quorum", "shell", "-d", "/nowhere/at/all", "ls"), 3, "there is no folder '/nowhere/at/all'");
        Cli.AssertRefused(Cli.Run("quorum", "shell", "-s", "/nowhere/at/all", "ls"), 3, "there is no file '/nowhere/at/all'");
        Cli.AssertRefused(Cli.Run("quorum", "shell", "ls"), 3, "there is no ./.moldau here");
        using ScratchFolder empty = new("empty");
        Cli.AssertRefused(Cli.Run("quorum", "shell", "-d", empty.FullPath, "ls"), 3, "holds no metadata log");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void ANodesFiles_TellTheSame_WhileItRuns_WhenKilled_AndWhenStopped(string name)
    {
        using NodeMetadata node = new(name);
        string[] data = ["quorum", "shell", "-d", node.Server.DataFolder];
        string running = Paths("/image/topics", "/image/configs", "/image/features");
        Assert.Equal(
            """
            /image/topics
            /image/topics/byId
            /image/topics/byId/ID
            /image/topics/byId/ID/0
            /image/topics/byId/ID/1
            /image/topics/byId/ID/id
            /image/topics/byId/ID/name
            /image/topics/byName
            /image/topics/byName/orders
            /image/topics/byName/orders/0
            /image/topics/byName/orders/1
            /image/topics/byName/orders/id
            /image/topics/byName/orders/name
            /image/configs
            /image/configs/BROKER
            /image/configs/BROKER/log.retention.ms
            /image/configs/BROKER/min.insync.replicas
            /image/configs/GROUP:billing
            /image/configs/GROUP:billing/consumer.session.timeout.ms
            /image/configs/TOPIC:orders
            /image/configs/TOPIC:orders/retention.ms
            /image/features
            /image/features/finalized_eligible.leader.replicas.version
            /image/features/finalized_group.version
            /image/features/finalized_share.version
            /image/features/finalized_streams.version
            /image/features/finalized_transaction.version
            /image/features/metadataVersion
            /image/features/zkMigrationState

            """, running);
        Assert.Equal("\"5000\"\n", Cli.Run([.. data, "cat", "/image/configs/TOPIC:orders/retention.ms"]).Succeeded());
        if (node.Serves.Contains("acls"))
        {
            Assert.Equal(2, Regex.Count(Cli.Run([.. data, "tree", "/image/acls"]).Succeeded(), "\"principal\":\"User:alice\""));
        }

        if (node.Serves.Contains("scram"))
        {
            string user = Cli.Run([.. data, "tree", "/image/scram"]).Succeeded();
            Assert.Matches("alice: {\"iterations\":\\d+,\"salt\":\"\\[hidden\\]\",\"storedKey\":\"\\[hidden\\]\",\"serverKey\":\"\\[hidden\\]\"}", user);
        }

        if (node.Serves.Contains("clientQuotas"))
            Assert.Equal("user(alice):\n  producer_byte_rate: 10000000\n", Cli.Run([.. data, "tree", "/image/clientQuotas"]).Succeeded());
        node.Server.Kill();
        Assert.Equal(running, Paths("/image/topics", "/image/configs", "/image/features"));
        node.Server.Start();
        node.Server.Stop();
        Assert.Equal(running, Paths("/image/topics", "/image/configs", "/image/features"));
        Assert.Equal(
            Cli.Run([.. data, "tree", "/image"]).Succeeded(),
            Cli.Run("quorum", "shell", "--config", node.Server.PropertiesFile, "tree", "/image").Succeeded());

        string Paths(params string[] roots) => Cluster.WithoutIds(Cli.Run([.. data, "find", .. roots]).Succeeded());
    }

    [Fact]
    public void Terminal_HasAPrompt_AndColumns()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        if (TestTools.WhyMissing("tmux") is { } noTerminal) Assert.Skip(noTerminal);
        using MadeMetadata made = new();
        // Where 'moldau dev' keeps its data.
        using ScratchFolder home = new("home");
        Directory.CreateSymbolicLink(home[".moldau"], made.Data);
        using Terminal terminal = new(home.FullPath, new Dictionary<string, string>());
        terminal.Type(0, $"{MoldauServer.Executable} quorum shell; echo ended with $?");
        terminal.WaitFor(0, "metadata up to offset 102; 'help' lists the commands");
        terminal.Type(0, "cd image/topics/byName");
        terminal.WaitFor(0, "/image/topics/byName>");
        terminal.Type(0, "ls");
        terminal.WaitFor(0, "later  orders");
        terminal.Type(0, "ls -1");
        terminal.WaitFor(0, "orders", 2);
        terminal.Type(0, "cat nothing");
        terminal.WaitFor(0, "there is no 'nothing' in the metadata");
        terminal.Type(0, "exit");
        terminal.WaitFor(0, "ended with 0");
    }

    internal static ProgramResult Shell(MadeMetadata made, params string[] words) => Cli.Run(["quorum", "shell", "--data", made.Data, .. words]);

    private static ProgramResult Piped(MadeMetadata made, string input)
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        return ChildProcess.Run(MoldauServer.Executable, ["quorum", "shell", "--data", made.Data], Cli.Patience, input);
    }
}
