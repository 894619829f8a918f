using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary><c>moldau profile</c> and what a profile changes for other verbs.</summary>
[Collection("verbs")]
public sealed class ProfileTests(Clusters clusters) : IDisposable
{
    private readonly ScratchFolder _home = new("profiles");

    [Fact]
    public void AddListShowUseRemove()
    {
        Assert.Equal("", Run("profile", "list", "-o", "name").Succeeded());
        Run("profile", "add", "prod", "-b", "a:1,b:2", "client.id=me", "--readonly", "yes").Succeeded();
        Assert.Equal("""{"profile":"dev","status":"added"}""" + "\n", Run("profile", "add", "dev", "-b", "c:3", "-o", "ndjson").Succeeded());
        Run("profile", "use", "dev").Succeeded();
        Assert.Equal(
            """
            PROFILE  BOOTSTRAP  CURRENT  READ-ONLY  CONFIRM
            dev      c:3        yes      no         no
            prod     a:1,b:2    no       yes        no

            """, Run("profile", "list").Succeeded());
        Run("profile", "add", "prod", "client.id=", "--readonly", "no").Succeeded();
        Assert.Equal("PROPERTY           VALUE\nbootstrap.servers  a:1,b:2\n", Run("profile", "show", "prod").Succeeded());
        Cluster.AssertFailed(Run("profile", "use", "pord"), 3, "there is no profile 'pord'; did you mean 'prod'?");
        Cluster.AssertFailed(Run("profile", "add", "x/y", "-b", "a:1"), 2, "is no name for a profile");
        Cluster.AssertFailed(Run("profile", "add", "new"), 2, "needs the address");
        Cluster.AssertFailed(Run("profile", "add", "new", "-b", "here"), 2, "is not host:port");
        Cluster.AssertFailed(Run("profile", "add", "new", "-b", "a:1", "lingr.ms=5"), 2, "did you mean 'linger.ms'");
        Run("profile", "remove", "dev").Succeeded();
        Assert.Equal("prod\n", Run("profile", "list", "-o", "name").Succeeded());
        Cluster.AssertFailed(Run("topic", "list", "-P", "dev"), 3, "there is no profile 'dev'");
    }

    [Fact]
    public void EditImportPrompt()
    {
        Assert.Equal("", Run("profile", "prompt").Succeeded());
        File.WriteAllText(_home["staging.conf"], "metadata.broker.list=a:1,b:2\nsasl.mechanisms=PLAIN\nno.such.thing=5\n");
        ProgramResult imported = Run("profile", "import", "kcat", _home["staging.conf"], "-o", "ndjson");
        Assert.Equal("""{"profile":"staging","status":"added"}""" + "\n", imported.Succeeded());
        Assert.Contains("left out no.such.thing", imported.Error, StringComparison.Ordinal);
        Assert.Equal(
            "PROPERTY           VALUE\nbootstrap.servers  a:1,b:2\nsasl.mechanism     PLAIN\n", Run("profile", "show", "staging").Succeeded());
        File.WriteAllText(_home["client.properties"], "bootstrap.servers=c:3\nclient.id=me\n");
        Run("profile", "import", "properties", _home["client.properties"], "--as", "prod").Succeeded();
        Run("profile", "use", "prod").Succeeded();
        Assert.Equal("prod\n", Run("profile", "prompt").Succeeded());
        Assert.Equal("prod\n", Run("profile", "prompt", "--color", "always").Succeeded());
        Run("profile", "add", "prod", "--confirm", "yes").Succeeded();
        Assert.Equal("\e[31mprod\e[0m\n", Run("profile", "prompt", "--color", "always").Succeeded());

        Edit("sed -i s/c:3/d:4/", "profile", "edit").Succeeded();
        Assert.Contains("d:4", Run("profile", "show", "prod").Succeeded(), StringComparison.Ordinal);
        Assert.Contains("nothing was changed", Edit("true", "profile", "edit", "prod").Error, StringComparison.Ordinal);
        Cluster.AssertFailed(Edit("sed -i /bootstrap/d", "profile", "edit", "prod"), 2, "a profile needs an address");
        Cluster.AssertFailed(Edit("sed -i s/client.id/cleint.id/", "profile", "edit", "prod"), 2, "did you mean 'client.id'");
        Cluster.AssertFailed(Run("profile", "import", "yaml", _home["client.properties"]), 2, "is no kind of file");
        Cluster.AssertFailed(Run("profile", "import", "kcat", "/nowhere/at/all"), 3, "there is no file");
        File.WriteAllText(_home["empty.properties"], "client.id=me\n");
        Cluster.AssertFailed(Run("profile", "import", "properties", _home["empty.properties"]), 2, "names no brokers");
    }

    [Fact]
    public void Secrets_AreTheirOwnersAlone_AndNotShown()
    {
        Run("profile", "add", "safe", "-b", "a:1", "moldau.note.password=hush").Succeeded();
        string secrets = Path.Combine(_home["moldau"], "profiles", "safe.secrets");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secrets));
        Assert.Equal("moldau.note.password=hush\n", File.ReadAllText(secrets));
        Assert.DoesNotContain("hush", File.ReadAllText(Path.ChangeExtension(secrets, ".properties")), StringComparison.Ordinal);
        Assert.Contains("moldau.note.password  (secret)", Run("profile", "show", "safe").Succeeded(), StringComparison.Ordinal);
        Run("profile", "remove", "safe").Succeeded();
        Assert.False(File.Exists(secrets));
    }

    [Fact]
    public void Verbs_GoWhereTheProfileSays_AndAreAsCarefulAsItWants()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        string topic = Cluster.NewName("t");
        Run("profile", "add", "here", "-b", cluster.Bootstrap).Succeeded();
        Run("profile", "use", "here").Succeeded();
        Run("topic", "create", topic).Succeeded();
        Assert.Equal(topic + "\n", Run("topic", "list", topic, "-o", "name").Succeeded());
        // What is said on the command line goes before.
        Cluster.AssertFailed(Run("topic", "list", "-b", "127.0.0.1:1"), 5, "127.0.0.1:1");

        Run("profile", "add", "here", "--readonly", "yes").Succeeded();
        Assert.Equal(topic + "\n", Run("topic", "list", topic, "-o", "name").Succeeded());
        foreach (string[] verb in (string[][])
            [["topic", "delete", topic, "-y"], ["produce", topic], ["topic", "set", topic, "retention.ms=1"], ["topic", "copy", topic, "x"]])
            Cluster.AssertFailed(Run(verb), 4, "profile 'here' is read-only");
        Assert.Contains("partitions", Run("topic", "delete", topic, "--dry-run", "-o", "json").Succeeded(), StringComparison.Ordinal);

        Run("profile", "add", "here", "--readonly", "no", "--confirm", "yes").Succeeded();
        Cluster.AssertFailed(Run("topic", "delete", topic, "-y"), 4, "set MOLDAU_CONFIRM=here");
        Cli.RunWith(new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = _home.FullPath, ["MOLDAU_CONFIRM"] = "here" }, "topic", "delete", topic, "-y").Succeeded();
    }

    /// <summary>The profile, over it the file, over it -X; each property by itself.</summary>
    [Fact]
    public void PropertiesGoOneBeforeTheOther_ProfileThenFileThenX()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        string topic = Cluster.NewName("t");
        Cli.Run("topic", "create", topic, "-p", "1", "-b", cluster.Bootstrap).Succeeded();
        // Nothing listens at the profile's address, and its TLS would find none at the file's.
        Run("profile", "add", "layers", "-b", "127.0.0.1:1", "security.protocol=SSL", "client.id=profile", "max.request.size=50000").Succeeded();
        string file = _home["client.properties"];
        File.WriteAllLines(file, [$"bootstrap.servers={cluster.Bootstrap}", "security.protocol=PLAINTEXT", "client.id=file"]);
        string[] layered = ["--profile", "layers", "--command-config", file];
        Assert.Equal(topic + "\n", Run(["topic", "list", topic, "-o", "name", .. layered]).Succeeded());

        // The profile's limit counts where neither says another one; a record of 200 kB tells.
        string record = new('x', 200_000);
        Cluster.AssertFailed(Send(record, ["produce", topic, .. layered]), 1, "MESSAGE_TOO_LARGE");
        File.AppendAllText(file, "max.request.size=60000\n");
        Cluster.AssertFailed(Send(record, ["produce", topic, .. layered]), 1, "MESSAGE_TOO_LARGE");
        Send(record, ["produce", topic, .. layered, "-X", "max.request.size=500000"]).Succeeded();
        // -X also goes before the file's address, -b before both.
        Cluster.AssertFailed(Run(["topic", "list", .. layered, "-X", "bootstrap.servers=127.0.0.1:2"]), 5, "127.0.0.1:2");
        Run(["topic", "list", .. layered, "-X", "bootstrap.servers=127.0.0.1:2", "-b", cluster.Bootstrap]).Succeeded();
        Cluster.AssertFailed(Run("topic", "list", "--profile", "layers"), 5, "127.0.0.1:1");
    }

    public void Dispose() => _home.Dispose();

    private ProgramResult Send(string input, string[] arguments) => ChildProcess.Run(
        MoldauServer.Executable, arguments, Cli.Patience, input,
        environment: new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = _home.FullPath });

    private ProgramResult Edit(string editor, params string[] arguments) =>
        Cli.RunWith(new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = _home.FullPath, ["EDITOR"] = editor }, arguments);

    private ProgramResult Run(params string[] arguments) =>
        Cli.RunWith(new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = _home.FullPath }, arguments);
}
