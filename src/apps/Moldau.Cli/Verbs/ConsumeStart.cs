using Moldau.Base;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>Where reading begins: the language of <c>consume -o</c>.</summary>
internal static class ConsumeStart
{
    public const string Help = "start, end, +N behind the start, -N before the end, N, @TIME such as @2026-08-01 or @-2h";

    /// <summary>The first offset to read of each partition.</summary>
    /// <exception cref="CommandException">The text is no such place.</exception>
    public static async Task<Dictionary<TopicPartition, long>> ResolveAsync(
        CommandContext context, AdminClient admin, string text, IReadOnlyCollection<TopicPartition> partitions)
    {
        Check(text);
        if (text[0] == '@')
        {
            Numbers.TryParseTime(text[1..], out DateTimeOffset time);
            return await Topics.OffsetsAtAsync(context, admin, partitions, time).ConfigureAwait(false);
        }

        bool isFromEnd = text == "end" || text[0] == '-';
        var offsets = await Topics.OffsetsAsync(context, admin, partitions, isFromEnd ? OffsetSpec.Latest : OffsetSpec.Earliest)
            .ConfigureAwait(false);
        if (text is "start" or "end") return offsets;
        var starts = isFromEnd
            ? await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Earliest).ConfigureAwait(false)
            : offsets;
        Numbers.TryParse(text.TrimStart('+', '-'), out long number);
        return offsets.ToDictionary(o => o.Key, o => text[0] switch
        {
            '+' => o.Value + number,
            '-' => Math.Max(starts.GetValueOrDefault(o.Key), o.Value - number),
            _ => number,
        });
    }

    public static void Check(string text)
    {
        bool isPlace = text is "start" or "end"
            || (text.Length > 1 && text[0] == '@' && Numbers.TryParseTime(text[1..], out _))
            || (text.Length > 1 && text[0] is '+' or '-' && Numbers.TryParse(text[1..], out long _))
            || Numbers.TryParse(text, out long _);
        if (!isPlace) throw new CommandException($"'-o {text}' is no place; it is {Help}", ExitCodes.Usage);
    }
}
