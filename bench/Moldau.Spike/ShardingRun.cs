using System.Diagnostics;

namespace Moldau.Spike;

/// <summary>ADR 0003: starts a toy broker per variant and lets the load go round them, interleaved, several rounds.</summary>
internal static class ShardingRun
{
    private sealed record Variant(string Name, int Shards, WriterUse Use);

    private sealed record Sample(double PerSecond, double P50, double P99, double Max, double CpuUs);

    public static void Run(string program, string[] args)
    {
        string directory = args[0];
        int rounds = args.Length > 1 ? int.Parse(args[1]) : 5;
        Throughput(program, directory, rounds);
        Stall(program, directory, rounds);
    }

    private static void Throughput(string program, string directory, int rounds)
    {
        Variant[] variants =
        [
            new("1 shard, inline", 1, WriterUse.Inline), new("2 shards, inline", 2, WriterUse.Inline),
            new("1 shard, all appends on a writer", 1, WriterUse.All),
        ];
        List<(string Mode, int Connections, int Depth)> cells = [];
        foreach (string mode in (string[])["produce", "fetch"])
            foreach (int connections in (int[])[1, 16, 64])
                cells.Add((mode, connections, connections == 1 ? 8 : connections == 16 ? 2 : 1));
        Console.WriteLine("load | variant | requests/s median (min-max) | p50 µs | p99 µs | max µs | broker CPU µs/request");
        Measure(program, directory, variants, cells, rounds, 1.0, "calm");
    }

    private static void Stall(string program, string directory, int rounds)
    {
        Variant[] variants =
        [
            new("1 shard, inline", 1, WriterUse.Inline), new("2 shards, inline", 2, WriterUse.Inline),
            new("1 shard, hot on a writer", 1, WriterUse.Hot), new("2 shards, hot on a writer", 2, WriterUse.Hot),
        ];
        Console.WriteLine();
        Console.WriteLine("with one more connection to a partition whose every append sleeps 200 ms; the innocent:");
        Measure(program, directory, variants, [("mixed", 16, 1)], rounds, 2.5, "hot");
        Console.WriteLine("the same innocent load without the hot connection:");
        Measure(program, directory, variants[2..], [("mixed", 16, 1)], rounds, 2.5, "calm");
        Console.WriteLine("moved to the writer after the first append above 10 ms (first 2.5 s of a new broker):");
        for (int shards = 1; shards <= 2; shards++)
        {
            for (int i = 0; i < 3; i++)
                Measure(program, directory, [new($"{shards} shard(s), adaptive", shards, WriterUse.Adaptive)],
                    [("mixed", 16, 1)], 1, 2.5, "fresh");
        }
    }

    private static void Measure(
        string program, string directory, Variant[] variants, List<(string Mode, int Connections, int Depth)> cells,
        int rounds, double seconds, string heat)
    {
        List<(Process Process, int Port)> brokers = [];
        try
        {
            foreach (Variant v in variants) brokers.Add(Start(program, directory, v));
            if (rounds > 1)
            {
                foreach ((Process p, int port) in brokers)
                    foreach (string mode in (string[])["produce", "fetch"]) Load(program, p, port, 1, (mode, 16, 2), "calm");
            }

            foreach ((string Mode, int Connections, int Depth) cell in cells)
            {
                List<Sample>[] samples = [.. variants.Select(_ => new List<Sample>())];
                for (int round = 0; round < rounds; round++)
                {
                    for (int i = 0; i < variants.Length; i++)
                    {
                        int k = (i + round) % variants.Length;
                        samples[k].Add(Load(program, brokers[k].Process, brokers[k].Port, seconds, cell, heat));
                    }
                }

                for (int i = 0; i < variants.Length; i++)
                    Print($"{cell.Mode}, {cell.Connections} connections x {cell.Depth} in flight", variants[i].Name, samples[i]);
            }
        }
        finally
        {
            foreach ((Process p, int _) in brokers)
            {
                p.Kill();
                p.WaitForExit();
            }
        }
    }

    private static void Print(string load, string variant, List<Sample> all)
    {
        double Median(Func<Sample, double> f) => all.Select(f).Order().ElementAt(all.Count / 2);
        Console.WriteLine(
            $"{load} | {variant} | {Median(s => s.PerSecond):F0} ({all.Min(s => s.PerSecond):F0}-{all.Max(s => s.PerSecond):F0})"
            + $" | {Median(s => s.P50):F0} | {Median(s => s.P99):F0} | {Median(s => s.Max):F0} | {Median(s => s.CpuUs):F1}");
    }

    private static (Process Process, int Port) Start(string program, string directory, Variant v)
    {
        string data = Path.Combine(directory, $"{v.Shards}-{v.Use}");
        Process p = Process.Start(new ProcessStartInfo(program, ["broker", v.Shards.ToString(), v.Use.ToString(), data])
        {
            RedirectStandardOutput = true,
        })!;
        return (p, int.Parse(p.StandardOutput.ReadLine()!));
    }

    private static Sample Load(
        string program, Process broker, int port, double seconds, (string Mode, int Connections, int Depth) cell, string heat)
    {
        string[] args =
        [
            "load", port.ToString(), broker.Id.ToString(), seconds.ToString(), cell.Connections.ToString(),
            cell.Depth.ToString(), cell.Mode, heat,
        ];
        using Process p = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true })!;
        double[] v = [.. p.StandardOutput.ReadToEnd().Split(' ').Select(double.Parse)];
        p.WaitForExit();
        return new Sample(v[0], v[1], v[2], v[3], v[4]);
    }
}
