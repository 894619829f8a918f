using System.Globalization;
using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>What moves in a cluster, looked at again and again.</summary>
internal static class Top
{
    private const string Every = "--every";
    private const string Limit = "--limit";
    private const int DefaultLimit = 20;

    /// <summary>The cursor goes home and what was there goes away.</summary>
    private const string Clear = "\x1b[H\x1b[2J";

    private static readonly TimeSpan DefaultPause = TimeSpan.FromSeconds(2);

    private static readonly Column[] TopicColumns =
    [
        new("topic"), Column.Decimal("recordsPerSecond"), Column.Decimal("bytesPerSecond"), Column.Number("partitions"),
        Column.Number("outOfSync"), Column.Number("leaderless"),
    ];

    private static readonly Column[] BrokerColumns =
    [
        Column.Number("broker"), Column.Decimal("recordsPerSecond"), Column.Decimal("bytesPerSecond"), Column.Number("leads"),
        Column.Number("outOfSync"), Column.Number("size"), Column.Number("free"),
    ];

    private static readonly Column[] GroupColumns =
    [
        new("group"), Column.Number("lag"), Column.Decimal("readsPerSecond"), Column.Decimal("writesPerSecond"),
        Column.Number("caughtUpInSeconds"), Column.Number("members"), new("state"),
    ];

    private static readonly Option[] Options =
    [
        new("--count", "-n", "N", "look so many times (until Ctrl+C)"),
        new(Every, null, "TIME", "how long to measure each time (2s)"),
        new(Limit, "-l", "N", "so many rows at most (20)"),
    ];

    public static readonly Command TopicsCommand = new("top", "", "the topics that get most, again and again", c => RunAsync(c, TopicsAsync))
    {
        Columns = TopicColumns,
        MaxOperands = 0,
        Options = Options,
        Details = "Bytes are those by which the leaders' logs grow. 'top brokers' and 'top groups' look at those.",
        Example = "moldau top -n 1 -o json",
    };

    public static readonly Command BrokersCommand = new("top brokers", "", "what each broker gets and holds", c => RunAsync(c, BrokersAsync))
    {
        Columns = BrokerColumns,
        MaxOperands = 0,
        Options = Options,
        Details = "Rates are of the partitions that it leads, OUT-OF-SYNC those of them without all replicas. SIZE and FREE are bytes.",
        Example = "moldau top brokers",
    };

    public static readonly Command GroupsCommand = new("top groups", "", "the groups that are most behind", c => RunAsync(c, GroupsAsync))
    {
        Columns = GroupColumns,
        MaxOperands = 0,
        Options = Options,
        Details = "CAUGHT-UP-IN-SECONDS is empty where a group does not read faster than is written.",
        Example = "moldau top groups --every 10s",
    };

    private static async Task<int> RunAsync(CommandContext context, Func<CommandContext, Func<Task>, Task<CommandResult>> measure)
    {
        int? count = context.Arguments.Number("--count", 1);
        TimeSpan pause = context.Arguments.Value(Every) is not { } text ? DefaultPause
            : Numbers.TryParseSpan(text, out TimeSpan span) && span > TimeSpan.Zero ? span
            : throw new CommandException($"'{Every} {text}' is no time; write 500ms, 2s or 1m", ExitCodes.Usage);
        bool isScreen = !Console.IsOutputRedirected && context.Format is OutputFormat.Table or OutputFormat.Wide;
        for (int round = 0; count is null || round < count; round++)
        {
            try
            {
                CommandResult result = await measure(context, () => Task.Delay(pause, context.Cancel)).ConfigureAwait(false);
                if (isScreen) Console.Out.Write($"{Clear}{context.Bootstrap}  {DateTime.Now.ToString("T", CultureInfo.InvariantCulture)}, over {pause.TotalSeconds:0.#} s\n\n");
                context.Show(result);
            }
            catch (MoldauException error) when (count is null && error.IsRetriable)
            {
                // A broker that is away for a moment is what somebody looks on for.
                CommandLine.Complain(ErrorText.Of(error));
                await Task.Delay(pause, context.Cancel).ConfigureAwait(false);
            }
        }

        return ExitCodes.Ok;
    }

    private static async Task<CommandResult> TopicsAsync(CommandContext context, Func<Task> wait)
    {
        (TopSample before, TopSample now) = await SamplesAsync(context, wait).ConfigureAwait(false);
        CommandResult result = new(TopicColumns);
        IEnumerable<object?[]> rows = now.Topics.Select(t => new object?[]
        {
            t.Name, Rounded(now.RecordsPerSecond(before, t.Partitions.Select(p => new TopicPartition(t.Name, p.Partition)))),
            Rounded(now.BytesPerSecond(before, t.Partitions.Select(p => (new TopicPartition(t.Name, p.Partition), p.LeaderId)))),
            t.Partitions.Length, t.Partitions.Count(IsOutOfSync), t.Partitions.Count(p => p.LeaderId < 0),
        });
        foreach (object?[] row in rows.OrderByDescending(r => r[1] ?? 0.0).ThenBy(NameOf, StringComparer.Ordinal).Take(Most(context)))
            result.Add(row);
        return result;
    }

    private static async Task<CommandResult> BrokersAsync(CommandContext context, Func<Task> wait)
    {
        (TopSample before, TopSample now) = await SamplesAsync(context, wait).ConfigureAwait(false);
        CommandResult result = new(BrokerColumns);
        var led = now.Topics.SelectMany(t => t.Partitions.Select(p => (Name: new TopicPartition(t.Name, p.Partition), Info: p)))
            .ToLookup(p => p.Info.LeaderId);
        foreach ((int id, IReadOnlyList<LogDirDescription> dirs) in now.Dirs.OrderBy(d => d.Key).Take(Most(context)))
        {
            result.Add(
                id, Rounded(now.RecordsPerSecond(before, led[id].Select(p => p.Name))),
                Rounded(now.BytesPerSecond(before, led[id].Select(p => (p.Name, id)))),
                led[id].Count(), led[id].Count(p => IsOutOfSync(p.Info)), dirs.Sum(d => d.Replicas.Values.Sum(r => r.SizeBytes)),
                dirs.Sum(d => d.UsableBytes));
        }

        return result;
    }

    private static async Task<CommandResult> GroupsAsync(CommandContext context, Func<Task> wait)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Dictionary<string, GroupState> before = await StatesAsync(context, admin).ConfigureAwait(false);
        TopSample then = await TopSample.TakeAsync(context, admin).ConfigureAwait(false);
        await wait().ConfigureAwait(false);
        Dictionary<string, GroupState> after = await StatesAsync(context, admin).ConfigureAwait(false);
        TopSample now = await TopSample.TakeAsync(context, admin).ConfigureAwait(false);
        double seconds = now.SecondsSince(then);
        CommandResult result = new(GroupColumns);
        List<object?[]> rows = [];
        foreach (GroupState group in after.Values)
        {
            long lag = group.Partitions.Sum(p => group.Lag(p, now.Ends) ?? 0);
            double? reads = before.TryGetValue(group.GroupId, out GroupState? earlier) ? Read(earlier, group) / seconds : null;
            double? writes = now.RecordsPerSecond(then, group.Partitions);
            rows.Add(
            [
                group.GroupId, lag, Rounded(reads), Rounded(writes), CaughtUpIn(lag, reads, writes), group.Description.Members.Count,
                group.Description.State,
            ]);
        }

        foreach (object?[] row in rows.OrderByDescending(r => (long)r[1]!).ThenBy(NameOf, StringComparer.Ordinal).Take(Most(context)))
            result.Add(row);
        return result;
    }

    private static async Task<(TopSample Before, TopSample Now)> SamplesAsync(CommandContext context, Func<Task> wait)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        TopSample before = await TopSample.TakeAsync(context, admin).ConfigureAwait(false);
        await wait().ConfigureAwait(false);
        return (before, await TopSample.TakeAsync(context, admin).ConfigureAwait(false));
    }

    /// <summary>Groups that end between the list and the question are left out.</summary>
    private static async Task<Dictionary<string, GroupState>> StatesAsync(CommandContext context, AdminClient admin)
    {
        Dictionary<string, GroupState> states = new(StringComparer.Ordinal);
        foreach (string id in await Groups.ConsumersAsync(context, admin).ConfigureAwait(false))
        {
            try
            {
                states[id] = await Groups.RequireAsync(context, admin, id).ConfigureAwait(false);
            }
            catch (MoldauException error) when (error.Error == Protocol.ErrorCode.GroupIdNotFound)
            {
                continue;
            }
        }

        return states;
    }

    /// <summary>How far the committed offsets went on; one that was set back counts as nothing.</summary>
    private static double Read(GroupState earlier, GroupState later) => later.Committed.Sum(
        c => earlier.Committed.TryGetValue(c.Key, out CommittedOffset then) ? Math.Max(0.0, c.Value.Offset - then.Offset) : 0);

    private static long? CaughtUpIn(long lag, double? reads, double? writes) =>
        lag == 0 ? 0 : reads is { } r && writes is { } w && r > w ? (long)Math.Ceiling(lag / (r - w)) : null;

    private static string NameOf(object?[] row) => (string)row[0]!;

    private static bool IsOutOfSync(PartitionInfo partition) => partition.InSyncReplicas.Length < partition.Replicas.Length;

    private static double? Rounded(double? rate) => rate is { } known ? Math.Round(known, 1) : null;

    private static int Most(CommandContext context) => context.Arguments.Number(Limit, 1) ?? DefaultLimit;
}
