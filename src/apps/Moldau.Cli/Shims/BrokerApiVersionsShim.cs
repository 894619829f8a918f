using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-broker-api-versions.sh</c></summary>
internal static class BrokerApiVersionsShim
{
    public static readonly Shim Shim = new("kafka-broker-api-versions", "bootstrap-server: bootstrap-controller: command-config: help version", RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        string bootstrap = context.Arguments.Require("bootstrap-server");
        context.AddPropertiesFile(context.Arguments.Value("command-config"));
        context.Connect(bootstrap, "apiVersions");
        ClusterDescription cluster = await context.Admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        foreach (BrokerInfo broker in cluster.Brokers)
        {
            ApiVersionsResponse answer = await context.Asking.AskAsync<ApiVersionsRequest, ApiVersionsResponse>(
                CallTarget.Broker(broker.Id),
                _ => new ApiVersionsRequest { ClientSoftwareName = "moldau", ClientSoftwareVersion = "1" }, context.Cancel).ConfigureAwait(false);
            Dictionary<short, ApiVersionsResponse.ApiVersion> known = answer.ApiKeys.ToDictionary(a => a.ApiKey);
            // What brokers alone ask of each other is not a client's to use, and is not shown where a broker does not have it.
            string[] lines = [.. ApiTable.All
                .Where(a => known.ContainsKey((short)a.Key) || ((a.Listeners & ApiListeners.Broker) != 0 && !a.IsRemoved))
                .Select(a => Line(a, known.GetValueOrDefault((short)a.Key)))];
            context.Out.WriteLine($"{broker.Address.Host}:{broker.Address.Port} (id: {broker.Id} rack: {broker.Rack ?? "null"} isFenced: false) -> (");
            context.Out.WriteLine(string.Join(",\n", lines));
            context.Out.WriteLine(")");
        }

        return ExitCodes.Ok;
    }

    private static string Line(ApiInfo api, ApiVersionsResponse.ApiVersion? there)
    {
        string head = $"\t{api.Name}({(short)api.Key}): ";
        if (there is null) return head + "UNSUPPORTED";
        string range = there.MinVersion == there.MaxVersion ? $"{there.MinVersion}" : $"{there.MinVersion} to {there.MaxVersion}";
        int usable = Math.Min(there.MaxVersion, api.HighestStableVersion);
        return head + range + (usable < Math.Max(there.MinVersion, api.LowestVersion) ? " [usable: NONE]" : $" [usable: {usable}]");
    }
}
