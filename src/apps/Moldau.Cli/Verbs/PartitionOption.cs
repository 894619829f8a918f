using Moldau.Base;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary><c>--partition</c>, which may be repeated.</summary>
internal static class PartitionOption
{
    /// <summary>The partitions that were named, or all of the topics.</summary>
    /// <exception cref="CommandException">A topic has no such partition.</exception>
    public static List<TopicPartition> Choose(CommandContext context, IReadOnlyList<TopicInfo> topics)
    {
        IReadOnlyList<string> named = context.Arguments.Values("--partition");
        if (named.Count == 0) return Topics.Partitions(topics);
        List<TopicPartition> chosen = [];
        foreach (string text in named)
        {
            if (!Numbers.TryParse(text, out int partition))
                throw new CommandException($"'--partition {text}' is no number", ExitCodes.Usage);
            foreach (TopicInfo topic in topics)
            {
                if (partition >= topic.Partitions.Length)
                    throw new CommandException(
                        $"topic '{topic.Name}' has no partition {partition}, only {Words.Count(topic.Partitions.Length, "partition")}"
                        + " from 0 on (UNKNOWN_TOPIC_OR_PARTITION)",
                        ExitCodes.NotFound);
                chosen.Add(new TopicPartition(topic.Name, partition));
            }
        }

        return [.. chosen.Distinct()];
    }
}
