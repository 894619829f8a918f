using Moldau.Base;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>What 'group seek' and 'share seek' have in common: which partitions, and where to.</summary>
internal static class Seeks
{
    /// <param name="context">Its options --topic and --partition choose.</param>
    /// <param name="admin">Knows what there is.</param>
    /// <param name="group">For people.</param>
    /// <param name="known">What the group has offsets of: all of its topics where none is named.</param>
    public static async Task<List<TopicPartition>> PartitionsAsync(
        CommandContext context, AdminClient admin, string group, IEnumerable<TopicPartition> known)
    {
        string[] topics = [.. context.Arguments.Values("--topic")];
        if (topics.Length == 0) topics = [.. known.Select(p => p.Topic).Distinct()];
        if (topics.Length == 0)
            throw new CommandException($"group '{group}' has no offsets yet; name a topic with --topic", ExitCodes.NotFound);
        List<TopicInfo> found = await Topics.RequireAsync(context, admin, topics).ConfigureAwait(false);
        return [.. PartitionOption.Choose(context, found).Order()];
    }

    /// <param name="context">Of the command.</param>
    /// <param name="admin">Knows the offsets.</param>
    /// <param name="to">'start', 'end', an offset, '@' and a time, or a span before now such as '-2h'.</param>
    /// <param name="partitions">Which offsets are wanted.</param>
    /// <param name="places">What the option takes, for people.</param>
    public static async Task<Dictionary<TopicPartition, long>> TargetsAsync(
        CommandContext context, AdminClient admin, string to, List<TopicPartition> partitions, string places)
    {
        if (to is "start" or "end")
            return await Topics.OffsetsAsync(context, admin, partitions, to == "start" ? OffsetSpec.Earliest : OffsetSpec.Latest)
                .ConfigureAwait(false);
        if (Numbers.TryParse(to, out long offset)) return partitions.ToDictionary(p => p, _ => offset);
        string time = to.StartsWith('@') ? to[1..] : to;
        if (to[0] is '@' or '-' && Numbers.TryParseTime(time, out DateTimeOffset at))
            return await Topics.OffsetsAtAsync(context, admin, partitions, at).ConfigureAwait(false);
        throw new CommandException($"'--to {to}' is no place; it is {places}", ExitCodes.Usage);
    }
}
