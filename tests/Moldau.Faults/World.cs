using System.Diagnostics;
using Moldau.Base;
using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>One node as a process, its log directories, the clients that load it, and what these were told.</summary>
internal sealed class World : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private readonly Tally _tally;
    private readonly RoundFolder _scratch;

    /// <param name="tally">Counts.</param>
    /// <param name="scratch">Holds everything of this world.</param>
    /// <param name="directories">Log directories, the one with the metadata first.</param>
    /// <param name="properties">Of the node, besides those that every world has.</param>
    /// <param name="environment">Of the node's process.</param>
    /// <param name="load">How the clients behave.</param>
    public World(
        Tally tally, RoundFolder scratch, IReadOnlyList<string> directories, LoadOptions load,
        IReadOnlyDictionary<string, string>? properties = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        (_tally, _scratch, Directories) = (tally, scratch, directories);
        Ledger = new Ledger(tally.Findings);
        Dictionary<string, string> all = new()
        {
            ["log.dirs"] = string.Join(',', directories),
            ["metadata.log.dir"] = directories[0],
            ["log.retention.check.interval.ms"] = "500",
            ["log.initial.task.delay.ms"] = "1000",
            ["log.flush.offset.checkpoint.interval.ms"] = "1000",
            ["log.flush.start.offset.checkpoint.interval.ms"] = "1000",
            ["group.min.session.timeout.ms"] = "1000",
            ["auto.create.topics.enable"] = "false",
            ["moldau.shards"] = "2",
        };
        foreach (var (name, value) in properties ?? new Dictionary<string, string>()) all[name] = value;
        Node = new MoldauServer(new ServerOptions
        {
            DataFolder = directories[0],
            Properties = all,
            Environment = environment ?? new Dictionary<string, string>(),
        });
        Load = new ClientLoad(Node.Bootstrap, Ledger, load);
    }

    public MoldauServer Node { get; }

    public IReadOnlyList<string> Directories { get; }

    public Ledger Ledger { get; }

    public ClientLoad Load { get; }

    private Findings Findings => _tally.Findings;

    /// <summary>Starts the node and the clients, and waits until records are acknowledged.</summary>
    public async Task BeginAsync()
    {
        Node.Start();
        await Load.CreateTopicsAsync();
        Load.Start();
        await AwaitProgressAsync("after the first start");
    }

    /// <summary>Starts the node again and waits until records are acknowledged.</summary>
    public async Task RestartAsync()
    {
        _tally.Restarts++;
        var began = Stopwatch.GetTimestamp();
        try
        {
            Node.Start();
        }
        catch (Exception error) when (error is InvalidOperationException or TimeoutException)
        {
            Findings.Add($"the node does not start again: {error.Message}");
            throw new RoundFailedException();
        }

        await AwaitProgressAsync("after a restart");
        _tally.Outage(Stopwatch.GetElapsedTime(began));
    }

    /// <summary>Waits until every partition that is asked for has acknowledged a record anew.</summary>
    public async Task AwaitProgressAsync(string when, IEnumerable<TopicPartition>? partitions = null)
    {
        var before = (partitions ?? ClientLoad.Partitions).ToDictionary(p => p, p => Ledger[p].AckCount);
        if (await WaitAsync(() => before.All(p => Ledger[p.Key].AckCount > p.Value), _patience)) return;
        var silent = before.Where(p => Ledger[p.Key].AckCount == p.Value).Select(p => p.Key.ToString());
        Findings.Add($"{when} nothing is acknowledged within {_patience.TotalSeconds} s in {string.Join(", ", silent)}: {Errors}");
        throw new RoundFailedException();
    }

    /// <summary>The kinds of errors that sends have failed with so far.</summary>
    public string Errors => Ledger.Errors.Any() ? string.Join(", ", Ledger.Errors.Select(e => $"{e.Value} {e.Key}")) : "no errors";

    /// <summary>Holds the files of the node, which has died, against what clients were told.</summary>
    public void CheckDead() => Check(new OfflineCheck(Findings, Ledger, Directories));

    public void Check(OfflineCheck check)
    {
        check.Run();
        _tally.Checked += check.Checked;
    }

    /// <summary>Lets the clients end, stops the node, checks the files; starts it again and reads everything.</summary>
    public async Task EndAsync()
    {
        try
        {
            await Load.StopAsync(TimeSpan.FromSeconds(150));
        }
        catch (TimeoutException)
        {
            Findings.Add("the clients do not come to an end");
            throw new RoundFailedException();
        }

        StopAndVerify();
        _tally.Acknowledged += Ledger.AckedCount;
        _tally.Restarts++;
        Node.Start();
        await OnlineCheck.RunAsync(Node.Bootstrap, Ledger, Findings);
        Node.Stop();
    }

    /// <summary>Stops the node cleanly and has everything checked.</summary>
    public void StopAndVerify()
    {
        var end = Node.Stop();
        if (end.ExitCode != 0) Findings.Add($"the clean stop ended in {end}");
        Check(new OfflineCheck(Findings, Ledger, Directories) { IsAfterCleanEnd = true });
        Verify();
    }

    /// <summary>The product's own look at the files.</summary>
    public void Verify()
    {
        var verified = ChildProcess.Run(MoldauServer.Executable, ["log", "verify", .. Directories]);
        if (verified.ExitCode != 0) Findings.Add($"moldau log verify: {verified}");
    }

    /// <summary>The partitions that lie in the first log directory, and those in the second.</summary>
    public (IReadOnlyList<TopicPartition> First, IReadOnlyList<TopicPartition> Second) PartitionsByDirectory()
    {
        var byDirectory = ClientLoad.Partitions.ToLookup(
            p => Directory.Exists(Path.Combine(Directories[0], $"{p.Topic}-{p.Partition}")));
        return ([.. byDirectory[true]], [.. byDirectory[false]]);
    }

    public static async Task<bool> WaitAsync(Func<bool> isTrue, TimeSpan patience)
    {
        var began = Stopwatch.GetTimestamp();
        while (!isTrue())
        {
            if (Stopwatch.GetElapsedTime(began) > patience) return false;
            await Task.Delay(5);
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_scratch.IsKept) await File.WriteAllTextAsync(_scratch["node.log"], Node.Process.Output + Node.Process.Error);
        await Load.DisposeAsync();
        Node.Dispose();
    }
}

/// <summary>A round that cannot go on; what went wrong is among the findings.</summary>
internal sealed class RoundFailedException : Exception;
