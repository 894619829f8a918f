using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

internal static class GroupSeek
{
    private const string OfFile = "file:";
    private const string To = "start, end, @TIME, -2h, +10, -10, an offset, group:NAME or file:FILE";

    private static readonly Column[] Columns = [new("group"), new("topic"), Column.Number("partition"), Column.Number("offset")];

    public static readonly Command Command = new("group seek", "GROUP --to WHERE", "set a group's offsets; the plan is shown first", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options =
        [
            new("--to", null, "WHERE", To),
            new("--topic", null, "TOPIC", "only this topic; may be repeated (all that the group has offsets of)"),
            new("--partition", "-p", "N", "only this partition; may be repeated"),
            Option.Yes,
            Option.DryRun,
        ],
        Details = "+10 and -10 move by so many offsets, -2h and @2026-08-01 go to the first record that is not older.\n"
            + "An offset outside of what the partition holds becomes the nearest end. The group must have no members.\n"
            + "A FILE has lines of a topic, a partition and an offset, with commas or spaces between them, as Kafka's scripts write them.",
        Example = "moldau group seek billing --to -2h --topic orders --dry-run",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string name = context.Arguments.Operands[0];
        string to = Groups.Known(context.Arguments.Value("--to") ?? "") ?? throw new CommandException($"'group seek' needs --to: {To}", ExitCodes.Usage);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        GroupDescription group = await admin.DescribeGroupAsync(name, context.Cancel).ConfigureAwait(false);
        if (group.Members.Count > 0)
            throw new MoldauException(new ClientError(
                ErrorCode.NonEmptyGroup, $"group '{name}' has {Words.Count(group.Members.Count, "member")}, which would go on where they are"));
        var committed = await admin.ListGroupOffsetsAsync(name, context.Cancel).ConfigureAwait(false);
        var told = to.StartsWith(OfFile, StringComparison.Ordinal)
            ? await ReadAsync(to[OfFile.Length..], context.Cancel).ConfigureAwait(false)
            : null;
        List<TopicPartition> partitions = await Seeks
            .PartitionsAsync(context, admin, name, told?.Keys ?? committed.Keys).ConfigureAwait(false);
        var targets = told ?? await TargetsAsync(context, admin, to, partitions, committed).ConfigureAwait(false);
        var starts = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Earliest).ConfigureAwait(false);
        var ends = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);

        CommandResult plan = new(new("group"), new("topic"), new("partition"), new("from"), new("to"));
        Dictionary<TopicPartition, CommittedOffset> moves = [];
        foreach (TopicPartition partition in partitions)
        {
            if (!targets.TryGetValue(partition, out long target) || !ends.TryGetValue(partition, out long end)) continue;
            target = Math.Clamp(target, Math.Min(starts.GetValueOrDefault(partition), end), end);
            long? from = committed.TryGetValue(partition, out CommittedOffset old) ? old.Offset : null;
            plan.Add(name, partition.Topic, partition.Partition, from, target);
            moves[partition] = new CommittedOffset(target);
        }

        if (moves.Count == 0) throw new CommandException("there is no offset to set; name a topic with --topic", ExitCodes.NotFound);
        if (!context.Confirm(plan, $"Set {Words.Count(moves.Count, "offset")} of group '{name}'?")) return ExitCodes.Ok;
        return await MoveAsync(context, admin, name, moves).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyDictionary<TopicPartition, long>> ReadAsync(string path, CancellationToken cancel)
    {
        if (!File.Exists(path)) throw new CommandException($"there is no file '{path}'", ExitCodes.NotFound);
        Dictionary<TopicPartition, long> offsets = [];
        foreach (string line in await File.ReadAllLinesAsync(path, cancel).ConfigureAwait(false))
        {
            string[] fields = line.Split([',', ' ', '\t'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 0) continue;
            if (fields.Length != 3 || !Numbers.TryParse(fields[1], out int partition) || !Numbers.TryParse(fields[2], out long offset))
                throw new CommandException($"{path}: '{line}' is no topic, partition and offset", ExitCodes.Usage);
            offsets[new TopicPartition(fields[0].Trim('"'), partition)] = offset;
        }

        return offsets;
    }

    private static async Task<IReadOnlyDictionary<TopicPartition, long>> TargetsAsync(
        CommandContext context,
        AdminClient admin,
        string to,
        List<TopicPartition> partitions,
        IReadOnlyDictionary<TopicPartition, CommittedOffset> committed)
    {
        if (to.StartsWith("group:", StringComparison.Ordinal))
        {
            GroupState other = await Groups.RequireAsync(context, admin, to["group:".Length..]).ConfigureAwait(false);
            return other.Committed.ToDictionary(c => c.Key, c => c.Value.Offset);
        }

        if (to[0] is '+' or '-' && Numbers.TryParse(to[1..], out long by))
            return partitions.Where(committed.ContainsKey)
                .ToDictionary(p => p, p => committed[p].Offset + (to[0] == '+' ? by : -by));
        return await Seeks.TargetsAsync(context, admin, to, partitions, To).ConfigureAwait(false);
    }

    private static async Task<int> MoveAsync(
        CommandContext context, AdminClient admin, string name, Dictionary<TopicPartition, CommittedOffset> moves)
    {
        var moved = await admin.SetGroupOffsetsAsync(name, moves, context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (TopicPartition partition in moves.Keys)
        {
            ErrorCode code = moved[partition];
            if (tally.Take(code == ErrorCode.None ? null : new ClientError(code, $"the offset of {partition} was not set")))
                result.Add(name, partition.Topic, partition.Partition, moves[partition].Offset);
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
