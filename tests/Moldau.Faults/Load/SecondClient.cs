using System.Globalization;
using Moldau.Base;
using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>A member of the group and a producer in a process of their own, so that it can be stopped as a whole. What they
/// are told goes to standard output, a line each, and from there into the campaign's ledger.</summary>
internal static class SecondClient
{
    public const int FirstWorker = 100;

    /// <summary>The program's side: HOST:PORT SEED SESSION_MS; ends when its input ends.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        LoadOptions options = new()
        {
            Seed = int.Parse(args[1], CultureInfo.InvariantCulture),
            SessionTimeout = TimeSpan.FromMilliseconds(int.Parse(args[2], CultureInfo.InvariantCulture)),
            FirstWorker = FirstWorker,
        };
        await using ClientLoad load = new(args[0], new PrintedEvents(Console.Out), options);
        load.StartOne();
        await Console.In.ReadLineAsync();
        await load.StopAsync(TimeSpan.FromSeconds(120));
        return 0;
    }

    public static ChildProcess Start(string bootstrap, LoadOptions options) => ChildProcess.Start(
        Environment.ProcessPath!,
        ["client", bootstrap, $"{options.Seed}", $"{(int)options.SessionTimeout.TotalMilliseconds}"]);

    /// <summary>Takes what the program has printed into the ledger; the number of lines that were taken before is given
    /// and returned anew.</summary>
    public static int Take(string output, int taken, ILoadEvents events)
    {
        var lines = output.Split('\n');
        for (var i = taken; i < lines.Length - 1; i++) Take(lines[i].Split(' '), events);
        return Math.Max(taken, lines.Length - 1);
    }

    private static void Take(string[] words, ILoadEvents events)
    {
        if (words.Length < 4) return;
        TopicPartition partition = new(words[1], Number(words[2]));
        var first = Long(words[3]);
        switch (words[0])
        {
            case "sent": events.Sent(partition, first); break;
            case "acked": events.Acked(partition, first, Long(words[4])); break;
            case "failed": events.Failed(partition, words[4]); break;
            case "read": events.Read(partition, first, Long(words[4])); break;
            case "committing": events.Committing(partition, first); break;
            case "committed": events.Committed(partition, first); break;
            default: break;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private sealed class PrintedEvents(TextWriter output) : ILoadEvents
    {
        private readonly Lock _lock = new();

        public void Sent(TopicPartition partition, long id) => Print($"sent {partition.Topic} {partition.Partition} {id}");

        public void Acked(TopicPartition partition, long offset, long id) =>
            Print($"acked {partition.Topic} {partition.Partition} {offset} {id}");

        public void Failed(TopicPartition partition, string error) =>
            Print($"failed {partition.Topic} {partition.Partition} 0 {error}");

        public void Read(TopicPartition partition, long offset, long id) =>
            Print($"read {partition.Topic} {partition.Partition} {offset} {id}");

        public void Committing(TopicPartition partition, long next) =>
            Print($"committing {partition.Topic} {partition.Partition} {next}");

        public void Committed(TopicPartition partition, long next) =>
            Print($"committed {partition.Topic} {partition.Partition} {next}");

        public void Topic(string name, TopicState state) { }

        public void Trimming(TopicPartition partition, long before) { }

        private void Print(string line)
        {
            lock (_lock) output.WriteLine(line);
        }
    }
}
