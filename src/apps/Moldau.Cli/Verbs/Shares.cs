using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>A share group with its offsets: what several verbs begin with.</summary>
internal sealed record ShareState(
    ShareGroupDescription Description, IReadOnlyDictionary<TopicPartition, Outcome<ShareOffset>> Offsets)
{
    public string GroupId => Description.GroupId;
}

internal static class Shares
{
    /// <summary>The named share groups; those that are not there are told to the tally.</summary>
    public static async Task<List<ShareState>> FindAsync(
        CommandContext context, AdminClient admin, IReadOnlyCollection<string> names, Tally tally)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal)];
        var described = await admin.ShareGroups.DescribeAsync(distinct, cancel: context.Cancel).ConfigureAwait(false);
        string[] there = [.. distinct.Where(n => described[n].IsSuccess)];
        var offsets = await admin.ShareGroups.ListOffsetsAsync(
            there.ToDictionary(n => n, _ => (IReadOnlyList<TopicPartition>?)null, StringComparer.Ordinal), context.Cancel)
            .ConfigureAwait(false);
        List<ShareState> found = [];
        foreach (string name in distinct)
            if (tally.Take(described[name].Error ?? offsets[name].Error))
                found.Add(new ShareState(described[name].Value!, offsets[name].Value!));
        return found;
    }

    /// <summary>A share group and its offsets.</summary>
    /// <exception cref="MoldauException">There is no such group.</exception>
    public static async Task<ShareState> RequireAsync(CommandContext context, AdminClient admin, string name)
    {
        var described = await admin.ShareGroups.DescribeAsync([name], cancel: context.Cancel).ConfigureAwait(false);
        if (described[name].Error is { } error) throw new MoldauException(error);
        var offsets = await admin.ShareGroups.ListOffsetsAsync(
            new Dictionary<string, IReadOnlyList<TopicPartition>?> { [name] = null }, context.Cancel).ConfigureAwait(false);
        if (offsets[name].Error is { } second) throw new MoldauException(second);
        return new ShareState(described[name].Value!, offsets[name].Value!);
    }
}
