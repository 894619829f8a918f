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
        Dictionary<TopicPartition, long> resolved = [];
        foreach ((TopicPartition partition, long offset) in offsets)
        {
            resolved[partition] = text[0] switch
            {
                '+' => offset + number,
                '-' => Math.Max(starts.GetValueOrDefault(partition), offset - number),
                _ => number,
            };
        }

        return resolved;
    }

    /// <summary>Where reading begins, and where it ends: two places with a colon between them, or one.</summary>
    /// <exception cref="CommandException">The text is neither.</exception>
    public static (string Start, string? Stop) Split(string text)
    {
        if (IsPlace(text)) return (text, null);
        // Times have colons of their own, so the places decide which one parts them.
        for (int colon = text.IndexOf(':'); colon > 0; colon = text.IndexOf(':', colon + 1))
        {
            (string start, string stop) = (text[..colon], text[(colon + 1)..]);
            bool isMeant = !start.StartsWith('@') || stop.StartsWith('@') || stop == "end";
            if (isMeant && IsPlace(start) && IsPlace(stop)) return (start, stop);
        }

        Check(text);
        return (text, null);
    }

    /// <summary>The first offset that is not read of each partition; never behind what is the end now.</summary>
    public static async Task<Dictionary<TopicPartition, long>> EndsAsync(
        CommandContext context, AdminClient admin, string text, IReadOnlyCollection<TopicPartition> partitions)
    {
        var ends = await Topics.OffsetsAsync(context, admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        if (text == "end") return ends;
        var stops = await ResolveAsync(context, admin, text, partitions).ConfigureAwait(false);
        return ends.ToDictionary(e => e.Key, e => Math.Min(e.Value, stops.GetValueOrDefault(e.Key, e.Value)));
    }

    public static void Check(string text)
    {
        if (!IsPlace(text)) throw new CommandException($"'-o {text}' is no place; it is {Help}", ExitCodes.Usage);
    }

    private static bool IsPlace(string text) =>
        text is "start" or "end"
            || (text.Length > 1 && text[0] == '@' && Numbers.TryParseTime(text[1..], out _))
            || (text.Length > 1 && text[0] is '+' or '-' && Numbers.TryParse(text[1..], out long _))
            || Numbers.TryParse(text, out long _);
}
