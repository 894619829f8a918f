using Moldau.Base;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>Partitions as they are written on a command line: <c>orders/0</c>.</summary>
internal static class PartitionNames
{
    public const string Form = "TOPIC/N";

    public static string Of(TopicPartition partition) => $"{partition.Topic}/{partition.Partition}";

    /// <exception cref="CommandException">A name is of another form.</exception>
    public static TopicPartition Parse(string text)
    {
        int slash = text.LastIndexOf('/');
        return slash > 0 && Numbers.TryParse(text[(slash + 1)..], out int partition)
            ? new TopicPartition(text[..slash], partition)
            : throw new CommandException($"'{text}' is no partition; write {Form}, such as orders/0", ExitCodes.Usage);
    }

    /// <summary>Broker ids with commas between them.</summary>
    /// <exception cref="CommandException">It is no such list.</exception>
    public static int[] Brokers(string option, string text) =>
        [.. text.Split(',').Select(part => Numbers.TryParse(part, out int id)
            ? id
            : throw new CommandException($"'{option} {text}' is no list of broker ids; write 1,2,3", ExitCodes.Usage))];

    /// <summary>The named partitions with where they are.</summary>
    /// <exception cref="CommandException">One of them is not there.</exception>
    /// <exception cref="MoldauException">One of their topics is not there.</exception>
    public static async Task<List<(TopicPartition Partition, PartitionInfo Info)>> FindAsync(
        CommandContext context, AdminClient admin, IEnumerable<TopicPartition> partitions)
    {
        TopicPartition[] named = [.. partitions.Distinct()];
        List<TopicInfo> topics = await Topics.RequireAsync(context, admin, [.. named.Select(p => p.Topic)]).ConfigureAwait(false);
        List<(TopicPartition, PartitionInfo)> found = [];
        foreach (TopicPartition partition in named)
        {
            TopicInfo topic = topics.Single(t => t.Name == partition.Topic);
            if (partition.Partition >= topic.Partitions.Length)
                throw new CommandException(
                    $"{Of(partition)} does not exist, '{topic.Name}' has {Words.Count(topic.Partitions.Length, "partition")}"
                    + " (UNKNOWN_TOPIC_OR_PARTITION)",
                    ExitCodes.NotFound);
            found.Add((partition, topic.Partitions[partition.Partition]));
        }

        return found;
    }
}
