using System.Globalization;
using System.Text.Json;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-delete-records.sh</c></summary>
internal static class DeleteRecordsShim
{
    public static readonly Shim Shim = new("kafka-delete-records", "bootstrap-server: offset-json-file: command-config: help version", RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        string bootstrap = context.Arguments.Require("bootstrap-server");
        string file = context.Arguments.Require("offset-json-file");
        if (!File.Exists(file)) throw new ShimUsageException($"{file} (No such file or directory)");
        Dictionary<TopicPartition, long> before = Read(await File.ReadAllTextAsync(file, context.Cancel).ConfigureAwait(false));
        context.AddPropertiesFile(context.Arguments.Value("command-config"));
        context.Connect(bootstrap, "deleteRecords");
        context.Out.WriteLine("Executing records delete operation");
        var deleted = await context.Admin.DeleteRecordsAsync(before, context.Cancel).ConfigureAwait(false);
        context.Out.WriteLine("Records delete operation completed:");
        foreach (TopicPartition partition in before.Keys)
        {
            Outcome<long> outcome = deleted[partition];
            if (outcome.Error is { } error)
                context.Error.WriteLine(
                    $"ERROR DeleteRecords request for topic partition {partition} failed due to an unexpected error {Protocol.ErrorCodes.KafkaName(error.Code)}");
            context.Out.WriteLine(outcome.IsSuccess
                ? string.Create(CultureInfo.InvariantCulture, $"partition: {partition}\tlow_watermark: {outcome.Value}")
                : $"partition: {partition}\terror: {ShimErrors.ClassOf(outcome.Error!.Code)}: {ShimErrors.TextOf(outcome.Error)}");
        }

        return ExitCodes.Ok;
    }

    private static Dictionary<TopicPartition, long> Read(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            Dictionary<TopicPartition, long> before = [];
            foreach (JsonElement partition in document.RootElement.GetProperty("partitions").EnumerateArray())
                before[new TopicPartition(partition.GetProperty("topic").GetString()!, partition.GetProperty("partition").GetInt32())] =
                    partition.GetProperty("offset").GetInt64();
            return before;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ShimUsageException($"The input string is not a valid JSON of partitions and offsets: {error.Message}");
        }
    }
}
