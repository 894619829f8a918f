using System.Net;
using System.Net.Sockets;
using Moldau.TestServers;

namespace Moldau.Cli.Tests;

/// <summary>Why a node does not start: one clear line each.</summary>
public sealed class RefusedStartTests : IDisposable
{
    private readonly ScratchFolder _scratch = new("cli");
    private readonly int[] _ports = [FreePorts.Take(), FreePorts.Take()];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void MissingFile() => Cli.AssertRefused(Cli.Run("start", _scratch["none.properties"]), 1, "none.properties");

    [Theory]
    [InlineData("num.partitions=many", "num.partitions")]
    [InlineData("listeners=nonsense", "listeners")]
    [InlineData("process.roles=dancer", "process.roles")]
    public void BadProperty(string line, string text) =>
        Cli.AssertRefused(Cli.Run("start", ServerProperties.Write(_scratch.FullPath, line)), 1, text);

    [Fact]
    public void UnknownProperty_WhenStrict() => Cli.AssertRefused(
        Cli.Run("start", "--strict", ServerProperties.Write(_scratch.FullPath, "log.retention.huors=5")),
        1,
        "unknown property 'log.retention.huors', did you mean 'log.retention.hours'?");

    [Fact]
    public void PortInUse()
    {
        using TcpListener taken = new(IPAddress.Loopback, _ports[0]);
        taken.Start();
        Cli.AssertRefused(StartOwn(), 1, $"{_ports[0]}");
    }

    [Fact]
    public void ForeignFolder()
    {
        Directory.CreateDirectory(_scratch["data"]);
        File.WriteAllText(_scratch["data/thesis.txt"], "mine");
        Cli.AssertRefused(StartOwn(), 1, "no meta.properties");
        Assert.Equal("mine", File.ReadAllText(_scratch["data/thesis.txt"]));
    }

    [Fact]
    public void FolderOfAnotherNode()
    {
        Format();
        string meta = _scratch["data/meta.properties"];
        File.WriteAllText(meta, File.ReadAllText(meta).Replace("node.id=1", "node.id=77"));
        Cli.AssertRefused(StartOwn(), 1, "belongs to node 77, but node.id is 1");
    }

    [Fact]
    public void FolderOfAnotherCluster()
    {
        Format();
        Directory.CreateDirectory(_scratch["more"]);
        string meta = File.ReadAllText(_scratch["data/meta.properties"]);
        File.WriteAllText(_scratch["more/meta.properties"], meta.Replace("cNthVMF8TKCqYDS1TbNbhQ", "AAAAAAAAAAAAAAAAAAAAAg"));
        Cli.AssertRefused(
            StartOwn("--set", $"log.dirs={_scratch["data"]},{_scratch["more"]}"),
            1,
            "belongs to cluster AAAAAAAAAAAAAAAAAAAAAg, the others to cNthVMF8TKCqYDS1TbNbhQ");
    }

    [Fact]
    public void FolderThatCannotBeMade()
    {
        File.WriteAllText(_scratch["file"], "");
        Cli.AssertRefused(StartOwn("--set", $"log.dirs={_scratch["file/data"]}"), 1, "file/data");
    }

    [Fact]
    public void FolderNotFormatted_WhereThatIsForTheUser() =>
        Cli.AssertRefused(StartOwn("--set", "moldau.storage.auto.format=false"), 1, "moldau storage format");

    [Fact]
    public void SaslListener() => Cli.AssertRefused(
        StartOwn("--set", $"listeners=SASL_PLAINTEXT://localhost:{_ports[0]},CONTROLLER://localhost:{_ports[1]}",
            "--set", $"advertised.listeners=SASL_PLAINTEXT://localhost:{_ports[0]}",
            "--set", "inter.broker.listener.name=SASL_PLAINTEXT"),
        1,
        "SASL");

    [Theory]
    [InlineData("ssl.keystore.type=JKS", "ssl.keystore.location is not set")]
    [InlineData("ssl.keystore.type=BCFKS", "keytool -importkeystore")]
    [InlineData("ssl.keystore.type=PEM", "ssl.keystore.location is not set")]
    [InlineData("ssl.cipher.suites=ROT13", "ROT13")]
    [InlineData("ssl.keystore.location=/nothing.jks", "nothing.jks")]
    [InlineData("ssl.enabled.protocols=TLSv1.1", "TLSv1.1 is not offered")]
    [InlineData("listener.name.ssl.ssl.keystore.type=CARDS", "CARDS")]
    public void SslListenerWithoutCertificate(string property, string text)
    {
        ProgramResult result = StartOwn(
            "--set", $"listeners=SSL://localhost:{_ports[0]},CONTROLLER://localhost:{_ports[1]}",
            "--set", $"advertised.listeners=SSL://localhost:{_ports[0]}",
            "--set", "inter.broker.listener.name=SSL",
            "--set", property);
        Cli.AssertRefused(result, 1, text);
        Assert.False(Directory.Exists(_scratch["data"]));
    }

    private ProgramResult StartOwn(params string[] more)
    {
        string file = ServerProperties.Write(_scratch.FullPath);
        return Cli.Run(["start", file, .. ServerProperties.Own(_ports[0], _ports[1], _scratch["data"]), .. more]);
    }

    private void Format() => Cli.Run(
        "storage", "format", "-t", "cNthVMF8TKCqYDS1TbNbhQ", "-s",
        "-c", ServerProperties.Write(_scratch.FullPath, $"log.dirs={_scratch["data"]}")).Succeeded();
}
