using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary><c>moldau profile import rpk</c>: the shapes of <c>rpk.yaml</c>, and what is no such file.</summary>
public sealed class RpkProfileTests : IDisposable
{
    private const string Password = "s3cret \"quoted\" \\ #1: it''s";

    /// <summary>As rpk writes it, with its four spaces.</summary>
    private const string Whole = """
        version: 7
        globals:
            prompt: ""
            no_default_cluster: false
        current_profile: local
        current_cloud_auth_org_id: ""
        profiles:
            - name: local
              description: 'this machine'
              prompt: hi-green, "[%n]"
              kafka_api:
                brokers:
                    - 127.0.0.1:9092
                    - "[::1]:9093"
                    - broker.example # the default port
              admin_api:
                addresses:
                    - 127.0.0.1:9644
              schema_registry: {}
            - name: prod
              from_cloud: true
              cloud_cluster:
                namespace: default
                cluster_name: prod
              kafka_api:
                brokers: [seed-0.example:9092, 'seed-1.example:9092']
                tls:
                    ca_file: CA-FILE
                    cert_file: CERT-FILE
                    key_file: KEY-FILE
                    insecure_skip_verify: false
                sasl:
                    user: alice
                    password: 's3cret "quoted" \ #1: it''''s'
                    mechanism: scram-sha-512
            - name: plain
              kafka_api:
                brokers:
                - a:1
                tls:
                    enabled: false
                    ca_file: /nowhere/at/all
                sasl:
                    user: bob
                    password: "\u0074op"
                    mechanism: PLAIN
            - name: encrypted
              kafka_api:
                brokers: [a:1]
                tls: {}
            - name: careless
              kafka_api:
                brokers: [a:1]
                tls:
                    insecure_skip_verify: true
                sasl:
                    user: token
                    password: token:abcdef
                    mechanism: OAUTHBEARER
            - name: pasted
              kafka_api:
                brokers: [a:1]
                tls:
                    ca: |
                        -----BEGIN CERTIFICATE-----
                        MIIB
                        -----END CERTIFICATE-----
                sasl:
                    user: carol
                    password: hush
        cloud_auth: []

        """;

    private readonly ScratchFolder _home = new("rpk");

    [Fact]
    public void CurrentProfile_IsTaken_UnlessAnotherIsNamed()
    {
        Write(Whole);
        Assert.Equal("""{"profile":"local","status":"added"}""" + "\n", Import("-o", "ndjson").Succeeded());
        Assert.Equal("PROPERTY           VALUE\nbootstrap.servers  127.0.0.1:9092,[::1]:9093,broker.example:9092\n", Show("local"));
        Import("--from", "encrypted", "--as", "other", "-b", "b:2").Succeeded();
        Assert.Equal("PROPERTY           VALUE\nbootstrap.servers  b:2\nsecurity.protocol  SSL\n", Show("other"));
    }

    [Fact]
    public void TlsAndSasl_BecomeKafkasProperties()
    {
        Write(Whole.Replace("CA-FILE", _home["ca.pem"], StringComparison.Ordinal).Replace("CERT-FILE", _home["cert.pem"], StringComparison.Ordinal)
            .Replace("KEY-FILE", _home["key.pem"], StringComparison.Ordinal));
        Cluster.AssertFailed(Import("--from", "prod"), 3, "there is no file", "ca.pem");
        File.WriteAllText(_home["ca.pem"], "-----BEGIN CERTIFICATE-----\nca\n-----END CERTIFICATE-----\n");
        File.WriteAllText(_home["cert.pem"], "-----BEGIN CERTIFICATE-----\ncert\n-----END CERTIFICATE-----\n");
        File.WriteAllText(_home["key.pem"], "-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----\n");
        Import("--from", "prod").Succeeded();
        string properties = Read("prod.properties");
        Assert.Contains("bootstrap.servers=seed-0.example:9092,seed-1.example:9092\n", properties, StringComparison.Ordinal);
        Assert.Contains("security.protocol=SASL_SSL\n", properties, StringComparison.Ordinal);
        Assert.Contains("sasl.mechanism=SCRAM-SHA-512\n", properties, StringComparison.Ordinal);
        Assert.Contains($"ssl.truststore.location={_home["ca.pem"]}\nssl.truststore.type=PEM\n", properties, StringComparison.Ordinal);
        Assert.Contains("ssl.keystore.certificate.chain=-----BEGIN CERTIFICATE-----\\ncert\\n", properties, StringComparison.Ordinal);
        string secrets = Read("prod.secrets");
        Assert.Contains("ssl.keystore.key=-----BEGIN PRIVATE KEY-----\\nkey\\n", secrets, StringComparison.Ordinal);
        Assert.Contains("sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"alice\"", secrets, StringComparison.Ordinal);

        Import("--from", "plain").Succeeded();
        Assert.Equal("bootstrap.servers=a:1\nsasl.mechanism=PLAIN\nsecurity.protocol=SASL_PLAINTEXT\n", Read("plain.properties"));
        Assert.Equal(
            "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"bob\" password=\"top\";\n", Read("plain.secrets"));
        Import("--from", "pasted").Succeeded();
        Assert.Contains("ssl.truststore.certificates=-----BEGIN CERTIFICATE-----\\nMIIB\\n", Read("pasted.properties"), StringComparison.Ordinal);
        Assert.Contains("sasl.mechanism=SCRAM-SHA-256\n", Read("pasted.properties"), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatHasNoCounterpart_IsTold()
    {
        Write(Whole);
        ProgramResult result = Import("--from", "careless");
        Assert.Equal("bootstrap.servers=a:1\nsecurity.protocol=SSL\n", result.ExitCode == 0 ? Read("careless.properties") : result.ToString());
        Assert.Contains("left out insecure_skip_verify", result.Error, StringComparison.Ordinal);
        Assert.Contains("left out sasl: rpk's way of OAUTHBEARER", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("abcdef", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void APassword_IsNeverPrinted()
    {
        Write(Regex.Replace(Whole, @" +\w+_file: \w+-FILE\n", ""));
        ProgramResult imported = Import("--from", "prod", "-o", "json");
        Assert.DoesNotContain("s3cret", imported.Succeeded() + imported.Error + Show("prod") + Read("prod.properties"), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf("prod.secrets")));
        // What is kept is the password itself, whatever its characters mean to the two formats.
        string written = Read("prod.secrets").Replace("\\\\", "\\", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal)
            .Replace("\\\"", "\"", StringComparison.Ordinal);
        Assert.Contains($"password=\"{Password}\";", written, StringComparison.Ordinal);
        foreach (string broken in (ReadOnlySpan<string>)[
            "password: *s3cret", "password: \"s3cret", "password: s3cret: x", "password: |\n   s3cret\n  - s3cret", "s3cret", "password: s3cret\n password: s3cret"])
        {
            Write($"profiles:\n - name: a\n   kafka_api:\n    sasl:\n     user: u\n     {broken}\n");
            ProgramResult result = Import();
            Assert.True(result.ExitCode == 2, result.ToString());
            Assert.DoesNotContain("s3cret", result.Output + result.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "it has no list of profiles")]
    [InlineData("bootstrap.servers=a:1\n", "line 1 cannot be read: it is no 'name: value'")]
    [InlineData("- a\n- b\n", "it has no list of profiles")]
    [InlineData("profiles: 5\n", "it has no list of profiles")]
    [InlineData("profiles:\n  - description: x\n", "a profile has no name")]
    [InlineData("profiles:\n  - name: a\n  - name: b\n", "choose with --from: a, b")]
    [InlineData("profiles:\n  - name: a\n    kafka_api: 5\n", "kafka_api is no map")]
    [InlineData("profiles:\n  - name: a\n    kafka_api:\n      brokers: a:1\n", "brokers is no list")]
    [InlineData("profiles:\n  - name: a\n    kafka_api:\n      brokers:\n        - [a]\n", "a broker is no text")]
    [InlineData("profiles:\n  - name: a\n    kafka_api:\n      tls:\n        enabled: perhaps\n", "enabled is neither true nor false")]
    [InlineData("profiles:\n  - name: a\n    kafka_api:\n      tls:\n        cert_file: x\n", "cert_file and key_file go together")]
    [InlineData("profiles:\n  - name: a\n", "names no brokers: say where they are with -b")]
    [InlineData("profiles:\n  - name: a\n    kafka_api: {}\n", "names no brokers")]
    [InlineData("profiles:\n  - name: a\n   description: x\n", "line 3 cannot be read")]
    [InlineData("profiles:\n\t- name: a\n", "line 2 cannot be read")]
    [InlineData("profiles: &all\n  - name: a\n", "line 1 cannot be read: it has something of YAML that is not read here")]
    [InlineData("profiles:\n  - name: a\n    prompt: >\n      folded\n", "line 3 cannot be read")]
    [InlineData("profiles:\n  - name: a\n    name: b\n", "line 3 cannot be read: its name is there already")]
    [InlineData("profiles:\n  - name: a\n    prompt: [a, b\n", "line 3 cannot be read: its list does not end")]
    [InlineData("profiles:\n  - name: a\n    prompt: \"\\q\"\n", "line 3 cannot be read: a backslash in it means nothing")]
    [InlineData("profiles:\n  - name: a b\n    kafka_api:\n      brokers: [a:1]\n", "is no name for a profile")]
    public void WhatIsNoSuchFile_IsRefused(string text, string told)
    {
        Write(text);
        Cli.AssertRefused(Import(), 2, told);
    }

    [Fact]
    public void WrongCalls_AreRefused()
    {
        Write(Whole);
        Cli.AssertRefused(Import("--from", "nobody"), 3, "it has no profile 'nobody'; there are local, prod");
        Cli.AssertRefused(Run("profile", "import", "kcat", _home["rpk.yaml"], "--from", "prod"), 2, "--from is of rpk");
        Cli.AssertRefused(Run("profile", "import", "rpk", "/nowhere/at/all"), 3, "there is no file");
        Write(string.Concat(Enumerable.Range(0, 200).Select(i => new string(' ', i) + "a:\n")));
        Cli.AssertRefused(Import(), 2, "it is nested too deep");
    }

    public void Dispose() => _home.Dispose();

    private void Write(string text) => File.WriteAllText(_home["rpk.yaml"], text);

    private ProgramResult Import(params string[] more) => Run(["profile", "import", "rpk", _home["rpk.yaml"], .. more]);

    private string Show(string profile) => Run("profile", "show", profile).Succeeded();

    private string Read(string file) => File.ReadAllText(PathOf(file));

    private string PathOf(string file) => Path.Combine(_home["moldau"], "profiles", file);

    private ProgramResult Run(params string[] arguments) =>
        Cli.RunWith(new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = _home.FullPath }, arguments);
}
