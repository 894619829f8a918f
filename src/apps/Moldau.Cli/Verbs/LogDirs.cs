using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class LogDirs
{
    private static readonly Column[] Columns =
    [
        Column.Number("broker"), new("path"), Column.Number("replicas"), Column.Number("size"), Column.Number("total"),
        Column.Number("free"), new("error"), Column.Fact("cordoned", isWide: true),
    ];

    public static readonly Command Command = new("log dirs", "[BROKER…]", "the brokers' log directories and what they hold", RunAsync)
    {
        Columns = Columns,
        Options =
        [
            new("--replicas", null, null, "a row for each replica instead"),
            new("--topic", null, "TOPIC", "only what they hold of this topic; may be repeated"),
        ],
        Details = "Sizes are bytes. A replica's LAG is how far it is behind; FUTURE is a copy on its way to another directory.",
        Example = "moldau log dirs 1 --topic orders --replicas",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        int[] ids = [.. context.Arguments.Operands.Select(BrokerDescribe.Id).Distinct()];
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        ClusterDescription cluster = await admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        foreach (int id in ids.Where(id => cluster.Brokers.All(b => b.Id != id)))
            tally.Fail($"there is no broker {id}; 'moldau broker list' shows what there is", ExitCodes.NotFound);
        int[] there = [.. cluster.Brokers.Select(b => b.Id).Where(id => ids.Length == 0 || ids.Contains(id))];
        var described = await admin.LogDirs.DescribeAsync(there, context.Cancel).ConfigureAwait(false);
        List<(int Broker, LogDirDescription Dir)> dirs = [];
        foreach (int id in there)
        {
            if (!tally.Take(described[id].Error)) continue;
            dirs.AddRange(described[id].Value!.Select(d => (id, d)));
        }

        HashSet<string> topics = [.. context.Arguments.Values("--topic")];
        if (dirs.Count > 0)
            context.Show(context.Arguments.Has("--replicas") ? Replicas(dirs, topics) : Dirs(dirs, topics));
        return tally.ExitCode;
    }

    private static CommandResult Dirs(List<(int Broker, LogDirDescription Dir)> dirs, HashSet<string> topics)
    {
        CommandResult result = new(Columns);
        foreach ((int broker, LogDirDescription dir) in dirs)
        {
            LogDirReplica[] held = [.. Of(dir, topics).Select(r => r.Value)];
            result.Add(
                broker, dir.Path, held.Length, held.Sum(r => r.SizeBytes), dir.TotalBytes, dir.UsableBytes, dir.Error?.Text,
                dir.IsCordoned);
        }

        return result;
    }

    private static CommandResult Replicas(List<(int Broker, LogDirDescription Dir)> dirs, HashSet<string> topics)
    {
        CommandResult result = new(
            new("partition"), new("broker"), new("size"), new("lag"), new("future"), new("path"));
        foreach ((int broker, LogDirDescription dir) in dirs)
            foreach ((TopicPartition partition, LogDirReplica replica) in Of(dir, topics).OrderBy(r => r.Key))
                result.Add(PartitionNames.Of(partition), broker, replica.SizeBytes, replica.OffsetLag, replica.IsFuture, dir.Path);
        return result;
    }

    private static IEnumerable<KeyValuePair<TopicPartition, LogDirReplica>> Of(LogDirDescription dir, HashSet<string> topics) =>
        dir.Replicas.Where(r => topics.Count == 0 || topics.Contains(r.Key.Topic));
}
