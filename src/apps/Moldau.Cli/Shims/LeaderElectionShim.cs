using System.Text.Json;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-leader-election.sh</c></summary>
internal static class LeaderElectionShim
{
    public static readonly Shim Shim = new(
        "kafka-leader-election",
        "bootstrap-server: command-config: admin.config: path-to-json-file: topic: partition: all-topic-partitions election-type: help version",
        RunAsync);

    private static readonly string[] Targets = ["topic", "all-topic-partitions", "path-to-json-file"];

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        Validate(arguments);
        ElectionType type = arguments.Value("election-type")!.ToUpperInvariant() switch
        {
            "PREFERRED" => ElectionType.Preferred,
            "UNCLEAN" => ElectionType.Unclean,
            _ => throw new ShimUsageException($"Cannot parse argument '{arguments.Value("election-type")}' of option election-type"),
        };
        TopicPartition[]? partitions = arguments.Value("path-to-json-file") is { } file ? await ReadAsync(file, context.Cancel).ConfigureAwait(false)
            : arguments.Value("topic") is { } topic ? [new TopicPartition(topic, Partition(arguments))]
            : null;
        if (arguments.Has("admin.config"))
            context.Out.WriteLine("Option --admin.config has been deprecated and will be removed in a future version. Use --command-config instead.");
        string? properties = arguments.Value("admin.config") ?? arguments.Value("command-config");
        if (properties is not null && !File.Exists(properties)) throw new ShimFailedException(properties);
        context.AddPropertiesFile(properties);
        IReadOnlyDictionary<TopicPartition, ClientError?> results = await ElectAsync(context, type, partitions).ConfigureAwait(false);
        return Tell(context.Out, type, results);
    }

    private static void Validate(ShimArguments arguments)
    {
        string[] missing = [.. new[] { "bootstrap-server", "election-type" }.Where(o => !arguments.Has(o))];
        if (missing.Length > 0) throw new ShimFailedException($"Missing required option(s): {string.Join(", ", missing)}");
        if (arguments.Has("admin.config") && arguments.Has("command-config"))
            throw new ShimUsageException("Option \"[admin.config]\" can't be used with option \"[command-config]\"");
        if (Targets.Count(arguments.Has) != 1)
            throw new ShimFailedException($"One and only one of the following options is required: {string.Join(", ", Targets)}");
        if (arguments.Has("topic") && !arguments.Has("partition")) throw new ShimFailedException("Missing required option(s): partition");
        if (!arguments.Has("topic") && arguments.Has("partition"))
            throw new ShimFailedException("Option partition is only allowed if topic is used");
    }

    private static int Partition(ShimArguments arguments) => arguments.Number("partition") is { } number and >= int.MinValue and <= int.MaxValue
        ? (int)number
        : throw new ShimUsageException($"Cannot parse argument '{arguments.Value("partition")}' of option partition");

    private static async Task<TopicPartition[]> ReadAsync(string file, CancellationToken cancel)
    {
        if (!File.Exists(file)) throw new ShimFailedException($"java.io.IOException: Unable to read file {file}");
        try
        {
            JsonElement json = ScriptJson.Parse(await File.ReadAllTextAsync(file, cancel).ConfigureAwait(false), out _)
                ?? throw new ShimFailedException("Replica election data is empty");
            JsonElement list = ScriptJson.Find(json, "partitions")
                ?? throw new ShimFailedException("Replica election data is missing \"partitions\" field");
            TopicPartition[] partitions = [.. ScriptJson.Array(list).Select(p => new TopicPartition(
                ScriptJson.String(ScriptJson.Require(p, "topic")), ScriptJson.Integer(ScriptJson.Require(p, "partition"))))];
            IReadOnlyList<TopicPartition> twice = JavaOrder.Duplicates(partitions, JavaOrder.Of);
            return twice.Count == 0
                ? partitions
                : throw new ShimFailedException($"Replica election data contains duplicate partitions: [{string.Join(", ", twice)}]");
        }
        catch (ScriptJsonException error)
        {
            throw new ShimFailedException($"{ScriptJsonException.Type}: {error.Message}");
        }
    }

    private static async Task<IReadOnlyDictionary<TopicPartition, ClientError?>> ElectAsync(
        ShimContext context, ElectionType type, TopicPartition[]? partitions)
    {
        try
        {
            context.Connect(context.Arguments.Require("bootstrap-server"), "electLeaders");
            return await context.Admin.Partitions.ElectLeadersAsync(type, partitions, context.Cancel).ConfigureAwait(false);
        }
        catch (MoldauException error)
        {
            string? told = error.Error switch
            {
                ErrorCode.RequestTimedOut => "Timeout waiting for election results",
                ErrorCode.ClusterAuthorizationFailed => "Not authorized to perform leader election",
                _ => null,
            };
            if (told is not null) context.Out.WriteLine(told);
            throw new ShimFailedException(told ?? "java.util.concurrent.ExecutionException: "
                + $"{ShimErrors.ClassOf(error.Error)}: {ShimErrors.TextOf(new ClientError(error.Error, error.Message))}");
        }
    }

    private static int Tell(TextWriter output, ElectionType type, IReadOnlyDictionary<TopicPartition, ClientError?> results)
    {
        string kind = type == ElectionType.Preferred ? "PREFERRED" : "UNCLEAN";
        IReadOnlyList<TopicPartition> order = JavaOrder.Of(results.Keys);
        IReadOnlyList<TopicPartition> elected = JavaOrder.Of(order.Where(p => results[p] is null));
        IReadOnlyList<TopicPartition> same = JavaOrder.Of(order.Where(p => results[p]?.Code == ErrorCode.ElectionNotNeeded));
        IReadOnlyList<TopicPartition> failed = JavaOrder.Of(order.Except(elected).Except(same));
        if (elected.Count > 0)
            output.WriteLine($"Successfully completed leader election ({kind}) for partitions {string.Join(", ", elected)}");
        if (same.Count > 0) output.WriteLine($"Valid replica already elected for partitions {string.Join(", ", same)}");
        foreach (TopicPartition partition in failed)
        {
            ClientError error = results[partition]!;
            output.WriteLine(
                $"Error completing leader election ({kind}) for partition: {partition}: {ShimErrors.ClassOf(error.Code)}: {ShimErrors.TextOf(error)}");
        }

        return failed.Count == 0 ? ExitCodes.Ok : throw new ShimFailedException($"{failed.Count} replica(s) could not be elected");
    }
}
