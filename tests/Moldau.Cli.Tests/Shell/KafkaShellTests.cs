using System.Text.RegularExpressions;
using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shell;

/// <summary><c>kafka-metadata-shell</c> beside the original: Kafka 4.3.1's shell over the libraries of 4.4.0, whose own is not
/// here. Both read the same file. What differs: the original tells secrets; it finds nodes that it does not list (any
/// <c>finalized_</c> feature, brokers with zeros before their number) and cannot find quotas of the default user; it goes
/// on over what is damaged.</summary>
public sealed class KafkaShellTests
{
    private const int MostTries = 5;

    private const string Session = """
        pwd
        ls
        ls /image /local nowhere
        ls / /local/version
        ls /image/*/by* /image/topics/byName/orders/?
        ls -1 /local
        ls -x
        ls --help
        cd image/topics
        pwd
        ls byName
        cat byName/orders/name ./byName/../byName/orders/1
        cat byName 'byName/nothing at all' ..
        find byId
        find . ../features
        cd byName/orders/name
        cd nowhere
        cd ../../{local,nothing}
        cat version "version" vers\ion ver{s,t}ion {version
        tree nowhere ../local/version
        cd /
        cat /image/features/* /image/producerIds/*
        tree /image
        find /image/configs /image/clientQuotas
        cat
        tree
        cat -- /local/version

           
        bogus
        c
        ca /
        he
        help
        man ls
        man cat
        man cd
        man exit
        man history
        man nothing
        man
        man ls cat
        history x
        pwd now
        history 3
        exit now
        cd
        pwd
        exit
        pwd
        """;

    [Fact]
    public void Session_OnAMadeSnapshot_IsAsTheOriginals()
    {
        using MadeMetadata made = new();
        Compare(made.Snapshot);
    }

    /// <summary>A metadata folder that a node wrote: rules, users, quotas and configuration are those that it serves.</summary>
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Session_OnANodesLog_IsAsTheOriginals(string name)
    {
        using NodeMetadata node = new(name);
        node.Server.Stop();
        // The original takes the lock of the log directory; a folder without one needs none.
        using ScratchFolder copy = new("copy");
        Directory.CreateDirectory(copy["log"]);
        foreach (string file in Directory.EnumerateFiles(node.Folder))
            if (Path.GetExtension(file) is ".log" or ".checkpoint") File.Copy(file, Path.Combine(copy["log"], Path.GetFileName(file)));
        foreach (string file in Directory.EnumerateFiles(copy["log"])) Compare(file);
    }

    [Theory]
    [InlineData("ls")]
    [InlineData("ls", "-1", "/local")]
    [InlineData("cat", "/image/provenance")]
    [InlineData("tree", "/image/cluster", "/nowhere")]
    [InlineData("find", "/image/scram", "")]
    [InlineData("pwd")]
    [InlineData("bogus")]
    [InlineData("l")]
    [InlineData("cat")]
    [InlineData("")]
    [InlineData("ls", "--bogus")]
    public void OneCommand_IsAsTheOriginals(params string[] words)
    {
        using MadeMetadata made = new();
        CompareCall(["-s", made.Snapshot, .. words]);
    }

    [Fact]
    public void WrongCalls_AreToldAsTheOriginals()
    {
        using MadeMetadata made = new();
        CompareCall([]);
        CompareCall(["ls"]);
        CompareCall(["-s"]);
        CompareCall(["--snapshot", "/nowhere/at/all", "ls"]);
        CompareCall(["ls", $"--snapshot={made.Snapshot}", "/local"]);
    }

    private static void Compare(string snapshot)
    {
        ProgramResult ours = ChildProcess.Run(MoldauServer.Executable, ["kafka-metadata-shell", "--snapshot", snapshot], Cli.Patience, Session);
        ProgramResult original = Original(["--snapshot", snapshot], Session);
        for (int i = 0; i < MostTries && Masked(original.Output) != Masked(ours.Output); i++) original = Original(["--snapshot", snapshot], Session);
        Assert.Equal(Masked(original.Output), Masked(ours.Output));
        Assert.Equal((original.ExitCode, ""), (ours.ExitCode, ours.Error));
    }

    private static void CompareCall(string[] arguments)
    {
        ProgramResult ours = Cli.Run(["kafka-metadata-shell", .. arguments]);
        ProgramResult original = Original(arguments, null);
        // Now and then the original answers before it has read the file.
        for (int i = 0; i < MostTries && Masked(original.Output) != Masked(ours.Output); i++) original = Original(arguments, null);
        Assert.Equal(Masked(original.Output), Masked(ours.Output));
        Assert.Equal(original.ExitCode, ours.ExitCode);
        if (ours.Error.Length > 0) Assert.Contains(ours.Error.TrimEnd().Split('\n')[^1], original.Error, StringComparison.Ordinal);
    }

    private static ProgramResult Original(string[] arguments, string? input)
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        if (ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        return KafkaTools.RunShellOverNewest(arguments, input, TimeSpan.FromMinutes(2));
    }

    /// <summary>The original's secrets are hidden as ours are, and the commits of the two programs differ.</summary>
    private static string Masked(string text)
    {
        text = Regex.Replace(text, "(salt|storedKey|serverKey)=[0-9a-f]+", "$1=[redacted]");
        text = Regex.Replace(text, @"(commitId:\n *)\w+", "$1COMMIT");
        return text.Replace(MadeMetadata.Secret, "[redacted]", StringComparison.Ordinal);
    }
}
