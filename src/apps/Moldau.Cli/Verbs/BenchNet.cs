using System.Diagnostics;
using Moldau.Cli.Bench;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

/// <summary>What the way to each broker and back costs, without any work there.</summary>
internal static class BenchNet
{
    private const int DefaultTrips = 1000;

    public static readonly Command Command = new("bench net", "[BROKER…]", "how long the way to a broker and back takes", RunAsync)
    {
        Columns = BenchResult.Columns,
        Options = [new("--count", "-n", "N", "so many requests to each, one after another (1000)")],
        Details = "The request is the smallest that there is (ApiVersions), so the broker has nothing to do for it. RECORDS are requests.\n"
            + "Without an id: all brokers.",
        Example = "moldau bench net 1 -n 5000",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        int[] ids = [.. context.Arguments.Operands.Select(BrokerDescribe.Id).Distinct()];
        int trips = context.Arguments.Number("--count", 1) ?? DefaultTrips;
        MoldauClient client = await context.AskingAsync().ConfigureAwait(false);
        ClusterDescription cluster = await client.Admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        foreach (int id in ids.Where(id => cluster.Brokers.All(b => b.Id != id)))
            tally.Fail($"there is no broker {id}; 'moldau broker list' shows what there is", ExitCodes.NotFound);
        CommandResult result = new(BenchResult.Columns);
        foreach (int id in cluster.Brokers.Select(b => b.Id).Order().Where(id => ids.Length == 0 || ids.Contains(id)))
        {
            // The first one makes the connection.
            await TripAsync(context, client, id).ConfigureAwait(false);
            LatencyHistogram times = new();
            long began = Stopwatch.GetTimestamp();
            for (int i = 0; i < trips; i++)
            {
                long sent = Stopwatch.GetTimestamp();
                await TripAsync(context, client, id).ConfigureAwait(false);
                times.Record((long)Stopwatch.GetElapsedTime(sent).TotalMicroseconds);
            }

            BenchResult.Add(result, $"net {id}", trips, 0, Stopwatch.GetElapsedTime(began), times);
            tally.Succeed();
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }

    private static Task TripAsync(CommandContext context, MoldauClient client, int broker) =>
        client.AskAsync<ApiVersionsRequest, ApiVersionsResponse>(
            CallTarget.Broker(broker), _ => new ApiVersionsRequest { ClientSoftwareName = "moldau", ClientSoftwareVersion = "1" }, context.Cancel);
}
