using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>The clusters that the verbs are tried against, each started when first asked for and shared by all
/// tests.</summary>
public sealed class Clusters : IDisposable
{
    public const string Ours = "moldau";
    public const string Apache = "apache";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServerUnderTest> _running = [];
    private ApachePair? _pair;

    public static TheoryData<string> Names => new(Ours, Apache);

    public Cluster Get(string name)
    {
        lock (_lock)
        {
            if (_running.TryGetValue(name, out ServerUnderTest? server)) return new Cluster(server);
            string? missing = name == Ours ? MoldauServer.WhyMissing : ApacheServer.WhyMissing;
            if (missing is not null) Assert.Skip(missing);
            ServerOptions options = new() { Properties = ServerOptions.WithoutRetention };
            server = name == Ours ? new MoldauServer(options) : new ApacheServer(options);
            server.Start();
            _running.Add(name, server);
            return new Cluster(server);
        }
    }

    /// <summary>Two nodes of Apache Kafka with access rules: partitions move between them.</summary>
    public ApachePair Pair()
    {
        lock (_lock)
        {
            if (ApachePair.WhyMissing is { } missing) Assert.Skip(missing);
            return _pair ??= ApachePair.Start();
        }
    }

    public void Dispose()
    {
        _pair?.Dispose();
        foreach (ServerUnderTest server in _running.Values) server.Dispose();
    }
}

/// <summary>Runs verbs against one cluster.</summary>
public sealed class Cluster(ServerUnderTest server)
{
    public string Bootstrap => server.Bootstrap;

    public int Port => server.Port;

    /// <summary>A name that no other test has.</summary>
    public static string NewName(string beginning) => $"{beginning}-{Guid.NewGuid().ToString("N")[..12]}";

    public ProgramResult Run(params string[] arguments) => Send(null, arguments);

    /// <summary>With text on standard input.</summary>
    public ProgramResult Send(string? input, params string[] arguments) => ChildProcess.Run(
        MoldauServer.Executable, [.. arguments, "-b", Bootstrap, "--timeout", "60s"], TimeSpan.FromSeconds(120), input);

    public ChildProcess Start(params string[] arguments) =>
        ChildProcess.Start(MoldauServer.Executable, [.. arguments, "-b", Bootstrap, "--timeout", "60s"]);

    /// <summary>What a verb that succeeds prints, with names in place of what differs from run to run.</summary>
    public string Output(string[] arguments, params (string Text, string Name)[] names)
    {
        string output = Run(arguments).Succeeded();
        foreach ((string text, string name) in names) output = output.Replace(text, name, StringComparison.Ordinal);
        return output.Replace($"{server.Port}", "PORT", StringComparison.Ordinal);
    }

    /// <summary>True where the verb's API is there; else it must have said that it is not, and which.</summary>
    public bool Offers(string api, params string[] arguments)
    {
        ProgramResult result = Run(arguments);
        if (!result.Error.Contains("UNSUPPORTED_VERSION", StringComparison.Ordinal)) return true;
        Assert.Equal("Moldau", server.Name);
        AssertFailed(result, 1, api, "the cluster does not offer it");
        return false;
    }

    public static string WithoutIds(string output) => Regex.Replace(output, @"\b[A-Za-z0-9_-]{22}\b", "ID");

    public static void AssertFailed(ProgramResult result, int exitCode, params string[] texts)
    {
        Assert.True(result.ExitCode == exitCode, result.ToString());
        foreach (string text in texts) Assert.Contains(text, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
