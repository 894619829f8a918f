using System.Text.Json;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-log-dirs.sh</c></summary>
internal static class LogDirsShim
{
    public static readonly Shim Shim = new("kafka-log-dirs", "bootstrap-server: command-config: describe topic-list: broker-list: help version", RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        string bootstrap = context.Arguments.Require("bootstrap-server");
        if (!context.Arguments.Has("describe")) throw new ShimUsageException("Missing required argument \"[describe]\"");
        context.AddPropertiesFile(context.Arguments.Value("command-config"));
        context.Connect(bootstrap, "describeLogDirs");
        ClusterDescription cluster = await context.Admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        int[] known = [.. cluster.Brokers.Select(b => b.Id)];
        int[] brokers = context.Arguments.Value("broker-list") is { } list
            ? [.. list.Split(',').Select(b => int.Parse(b, System.Globalization.CultureInfo.InvariantCulture))]
            : known;
        int[] missing = [.. brokers.Except(known)];
        if (missing.Length > 0)
        {
            context.Error.WriteLine(
                $"The given brokers do not exist from --broker-list: {string.Join(',', missing)}. Current existent brokers: {string.Join(',', known)}");
            return ExitCodes.Failed;
        }

        context.Out.WriteLine("Querying brokers for log directories information");
        HashSet<string>? topics = context.Arguments.Value("topic-list") is { Length: > 0 } names ? [.. names.Split(',')] : null;
        List<(int Broker, DescribeLogDirsResponse Answer)> answers = [];
        foreach (int broker in brokers)
            answers.Add((broker, await context.Asking.AskAsync<DescribeLogDirsRequest, DescribeLogDirsResponse>(
                CallTarget.Broker(broker), _ => new DescribeLogDirsRequest { Topics = null }, context.Cancel).ConfigureAwait(false)));
        context.Out.WriteLine($"Received log directory information from brokers {string.Join(',', brokers)}");
        context.Out.WriteLine(Json(answers, topics));
        return ExitCodes.Ok;
    }

    private static string Json(List<(int Broker, DescribeLogDirsResponse Answer)> answers, HashSet<string>? topics)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("brokers");
            foreach ((int broker, DescribeLogDirsResponse answer) in answers)
            {
                json.WriteStartObject();
                json.WriteNumber("broker", broker);
                json.WriteStartArray("logDirs");
                foreach (DescribeLogDirsResponse.DescribeLogDirsResult directory in answer.Results) Write(json, directory, topics);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("version", 1);
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter json, DescribeLogDirsResponse.DescribeLogDirsResult directory, HashSet<string>? topics)
    {
        json.WriteStartObject();
        json.WriteStartArray("partitions");
        var partitions = directory.Topics.Where(t => topics is null || topics.Contains(t.Name))
            .SelectMany(t => t.Partitions.Select(p => (t.Name, Partition: p)))
            .OrderBy(p => p.Name, StringComparer.Ordinal)
            .ThenBy(p => p.Partition.PartitionIndex);
        foreach ((string topic, DescribeLogDirsResponse.DescribeLogDirsPartition partition) in partitions)
        {
            json.WriteStartObject();
            json.WriteString("partition", $"{topic}-{partition.PartitionIndex}");
            json.WriteNumber("size", partition.PartitionSize);
            json.WriteNumber("offsetLag", partition.OffsetLag);
            json.WriteBoolean("isFuture", partition.IsFutureKey);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        ErrorCode code = ErrorCodes.FromWire(directory.ErrorCode);
        if (code == ErrorCode.None) json.WriteNull("error");
        else json.WriteString("error", ShimErrors.ClassOf(code));
        json.WriteString("logDir", directory.LogDir);
        json.WriteEndObject();
    }
}
