using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.Cli.Tests;

/// <summary>What the command line takes and refuses before any node runs.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("help")]
    [InlineData("--help")]
    [InlineData("dev", "--help")]
    public void Help_NamesTheCommands(params string[] arguments)
    {
        string output = Cli.Run(arguments).Succeeded();
        foreach (string command in (string[])["moldau dev", "moldau start FILE", "moldau storage format", "--strict"])
            Assert.Contains(command, output);
    }

    [Fact]
    public void Version_IsOneLine()
    {
        string output = Cli.Run("--version").Succeeded();
        Assert.Matches(@"^moldau \d+\.\d+\.\d+ \(compatible with Apache Kafka 4\.4\)\n$", output);
    }

    [Theory]
    [InlineData("'dance'", "dance")]
    [InlineData("'--colour'", "dev", "--colour")]
    [InlineData("'extra'", "dev", "extra")]
    [InlineData("'many' is not a port", "dev", "--port", "many")]
    [InlineData("needs a value", "dev", "--port")]
    [InlineData("name=value", "dev", "--set", "nothing")]
    [InlineData("leave '--data' out", "dev", "--ephemeral", "--data", "x")]
    [InlineData("'--http-port 5001' is taken", "dev", "--port", "5000", "--http-port", "5001")]
    [InlineData("takes one file", "start")]
    [InlineData("'--loose'", "start", "--loose", "x")]
    [InlineData("'storage shred'", "storage", "shred")]
    [InlineData("needs -t ID", "storage", "format", "-c", "x")]
    [InlineData("needs -c FILE", "storage", "info")]
    public void Usage_IsExitCodeTwo(string text, params string[] arguments) =>
        Cli.AssertRefused(Cli.Run(arguments), 2, text);

    [Fact]
    public void RandomUuid_IsAnotherEachTime()
    {
        string first = Cli.Run("storage", "random-uuid").Succeeded();
        string second = Cli.Run("storage", "random-uuid").Succeeded();
        Assert.Matches("^[A-Za-z0-9_-]{22}\n$", first);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Format_ThenInfo_ThenFormatAgain()
    {
        using ScratchFolder scratch = new("cli");
        string file = ServerProperties.Write(scratch.FullPath, $"log.dirs={scratch["data"]}");
        Cli.AssertRefused(
            Cli.Run("storage", "format", "-t", "cNthVMF8TKCqYDS1TbNbhQ", "-c", file), 1, "--standalone");
        Cli.Run("storage", "format", "-t", "cNthVMF8TKCqYDS1TbNbhQ", "-c", file, "--standalone").Succeeded();
        string info = Cli.Run("storage", "info", "-c", file).Succeeded();
        Assert.Matches(new Regex("formatted +cNthVMF8TKCqYDS1TbNbhQ +1 +[A-Za-z0-9_-]{22}\n"), info);
        Cli.AssertRefused(
            Cli.Run("storage", "format", "-t", "cNthVMF8TKCqYDS1TbNbhQ", "-c", file, "-s"), 1, "already formatted");
        Cli.Run("storage", "format", "-t", "cNthVMF8TKCqYDS1TbNbhQ", "-c", file, "-s", "-g").Succeeded();
    }

    [Fact]
    public void Format_TakesTheClusterIdOfTheEnvironment_UnlessItIsNamed()
    {
        using ScratchFolder scratch = new("cli");
        Dictionary<string, string> environment = new() { ["CLUSTER_ID"] = "cNthVMF8TKCqYDS1TbNbhQ" };
        string file = ServerProperties.Write(scratch.FullPath, $"log.dirs={scratch["data"]}");
        Cli.RunWith(environment, "storage", "format", "-c", file, "-s").Succeeded();
        Assert.Contains(" cNthVMF8TKCqYDS1TbNbhQ ", Cli.Run("storage", "info", "-c", file).Succeeded());
        file = ServerProperties.Write(scratch.FullPath, $"log.dirs={scratch["other"]}");
        Cli.RunWith(environment, "storage", "format", "-c", file, "-s", "-t", "AAAAAAAAAAAAAAAAAAAAXQ").Succeeded();
        Assert.Contains(" AAAAAAAAAAAAAAAAAAAAXQ ", Cli.Run("storage", "info", "-c", file).Succeeded());
    }

    [Fact]
    public void Format_WithoutControllers_NamesNoVoter()
    {
        using ScratchFolder scratch = new("cli");
        string file = ServerProperties.Write(scratch.FullPath, $"log.dirs={scratch["data"]}");
        Cli.Run("storage", "format", "--cluster-id=cNthVMF8TKCqYDS1TbNbhQ", "-c", file, "-N").Succeeded();
        Assert.True(File.Exists(scratch["data/meta.properties"]));
    }

    [Fact]
    public void Format_WhatIsNotServed_IsRefused()
    {
        using ScratchFolder scratch = new("cli");
        string file = ServerProperties.Write(scratch.FullPath, $"log.dirs={scratch["data"]}");
        string[] common = ["storage", "format", "-t", "cNthVMF8TKCqYDS1TbNbhQ", "-c", file];
        Cli.AssertRefused(Cli.Run([.. common, "-I", "1@localhost:9093:AAAAAAAAAAAAAAAAAAAAAg"]), 1, "--initial-controllers");
        Cli.AssertRefused(Cli.Run([.. common, "-S", "SCRAM-SHA-256=[name=a,password=b]"]), 1, "--add-scram");
        Cli.AssertRefused(Cli.Run([.. common, "-s", "-N"]), 2, "exclude each other");
        Cli.AssertRefused(Cli.Run([.. common, "-s", "-f", "kraft.version"]), 2, "name=level");
        Cli.AssertRefused(Cli.Run([.. common, "-s", "-r", "1.0"]), 1, "'1.0' is no release");
        Assert.False(Directory.Exists(scratch["data"]));
    }

    [Fact]
    public void Info_OfAnUnformattedFolder_Fails()
    {
        using ScratchFolder scratch = new("cli");
        string file = ServerProperties.Write(scratch.FullPath, $"log.dirs={scratch["data"]}");
        ProgramResult result = Cli.Run("storage", "info", "-c", file);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("not formatted", result.Output);
    }
}
