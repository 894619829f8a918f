using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

/// <summary>A group with its offsets: what several verbs begin with.</summary>
/// <param name="Description">The group and its members.</param>
/// <param name="Committed">Its committed offsets.</param>
internal sealed record GroupState(
    GroupDescription Description, IReadOnlyDictionary<TopicPartition, CommittedOffset> Committed)
{
    public string GroupId => Description.GroupId;

    /// <summary>Everything that the group reads or has read.</summary>
    public IEnumerable<TopicPartition> Partitions =>
        Committed.Keys.Concat(Description.Members.SelectMany(m => m.Assignment)).Distinct().Order();

    /// <summary>Records that are not read yet; null where one of the offsets is not known.</summary>
    public long? Lag(TopicPartition partition, IReadOnlyDictionary<TopicPartition, long> ends) =>
        Committed.TryGetValue(partition, out CommittedOffset committed) && ends.TryGetValue(partition, out long end)
            ? Math.Max(0, end - committed.Offset)
            : null;
}

internal static class Groups
{
    /// <summary>Null for what a broker does not tell.</summary>
    public static string? Known(string text) => text.Length > 0 ? text : null;

    /// <summary>The ids of all groups of consumers.</summary>
    public static async Task<string[]> ConsumersAsync(CommandContext context, AdminClient admin) =>
        [.. (await admin.ListGroupsAsync(context.Cancel).ConfigureAwait(false))
            .Where(g => g.ProtocolType is "consumer" or "").Select(g => g.GroupId)];

    /// <summary>The groups that the operands name: all groups of consumers where they name none.</summary>
    public static async Task<List<GroupState>> ChosenAsync(CommandContext context, AdminClient admin, Tally tally)
    {
        IReadOnlyCollection<string> names = context.Arguments.Operands;
        if (names.Count == 0) names = await ConsumersAsync(context, admin).ConfigureAwait(false);
        else if (NameOption.ArePatterns(context))
            names = NameOption.Choose(context, await ConsumersAsync(context, admin).ConfigureAwait(false), "group", tally);
        return await FindAsync(context, admin, names, tally).ConfigureAwait(false);
    }

    /// <summary>The named groups; those that are not there are told to the tally.</summary>
    public static async Task<List<GroupState>> FindAsync(
        CommandContext context, AdminClient admin, IReadOnlyCollection<string> names, Tally tally)
    {
        List<GroupState> found = [];
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            try
            {
                found.Add(await RequireAsync(context, admin, name).ConfigureAwait(false));
                tally.Succeed();
            }
            catch (MoldauException error)
            {
                tally.Fail(ErrorText.Of(error.Error, error.Message), ErrorText.ExitCode(error.Error));
            }
        }

        return found;
    }

    /// <summary>A group and its offsets.</summary>
    /// <exception cref="MoldauException">There is no such group.</exception>
    public static async Task<GroupState> RequireAsync(CommandContext context, AdminClient admin, string name)
    {
        GroupDescription group = await admin.DescribeGroupAsync(name, context.Cancel).ConfigureAwait(false);
        if (group.State == "Dead")
            throw new MoldauException(new ClientError(ErrorCode.GroupIdNotFound, $"group '{name}' does not exist"));
        return new GroupState(group, await admin.ListGroupOffsetsAsync(name, context.Cancel).ConfigureAwait(false));
    }

    /// <summary>The ends of everything that groups read.</summary>
    public static Task<Dictionary<TopicPartition, long>> EndsAsync(
        CommandContext context, AdminClient admin, IEnumerable<GroupState> groups) =>
        Topics.OffsetsAsync(context, admin, [.. groups.SelectMany(g => g.Partitions).Distinct()], OffsetSpec.Latest);
}
