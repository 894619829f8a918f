using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-cluster.sh</c></summary>
internal static class ClusterShim
{
    public static readonly Shim Shim = new(
        "kafka-cluster", "bootstrap-server: bootstrap-controller: config: command-config: id: include-fenced-brokers h help version", RunAsync)
    {
        Actions = ["cluster-id", "list-endpoints", "unregister"],
        UsageStyle = UsageStyle.OptionsThenText,
        Letters = new Dictionary<string, string> { ["b"] = "bootstrap-server", ["C"] = "bootstrap-controller", ["c"] = "config", ["i"] = "id" },
    };

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (arguments.Action is null) throw new ShimUsageException("too few arguments");
        context.RequireAddress();
        if (arguments.Action == "unregister" && !arguments.Has("id")) throw new ShimUsageException("argument --id/-i is required");
        if (arguments.Has("include-fenced-brokers") && arguments.Has("bootstrap-controller"))
            throw new ShimFailedException("The option --include-fenced-brokers is only supported with --bootstrap-server option");
        context.AddPropertiesFile(arguments.Value("config") ?? arguments.Value("command-config"));
        await context.ConnectAsync("describeCluster").ConfigureAwait(false);
        switch (arguments.Action)
        {
            case "cluster-id":
                string id = await context.ClusterIdAsync().ConfigureAwait(false);
                context.Out.WriteLine(id.Length > 0 ? $"Cluster ID: {id}" : "No cluster ID found. The Kafka version is probably too old.");
                return ExitCodes.Ok;
            case "list-endpoints":
                await EndpointsAsync(context).ConfigureAwait(false);
                return ExitCodes.Ok;
            default:
                return await UnregisterAsync(context).ConfigureAwait(false);
        }
    }

    private static async Task EndpointsAsync(ShimContext context)
    {
        DescribeClusterResponse answer = context.IsAtController
            ? await context.DescribeControllersAsync().ConfigureAwait(false)
            : await context.Asking.AskAsync<DescribeClusterRequest, DescribeClusterResponse>(
                CallTarget.Any,
                version => new DescribeClusterRequest { IncludeFencedBrokers = version >= 2 && context.Arguments.Has("include-fenced-brokers") },
                context.Cancel).ConfigureAwait(false);
        int host = answer.Brokers.Select(b => b.Host.Length).Append("HOST".Length).Max();
        int rack = answer.Brokers.Select(b => (b.Rack ?? "null").Length).Append(10).Max();
        Row("ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE");
        foreach (DescribeClusterResponse.DescribeClusterBroker node in answer.Brokers.OrderBy(b => b.BrokerId))
        {
            Row(
                $"{node.BrokerId}", node.Host, $"{node.Port}", node.Rack ?? "null", node.IsFenced ? "fenced" : "unfenced",
                context.IsAtController ? "controller" : "broker");
        }

        // Controllers are never fenced: the column is not there.
        void Row(string id, string name, string port, string where, string state, string type) => context.Out.WriteLine(
            $"{id,-10} {name.PadRight(host)} {port,-10} {where.PadRight(rack)} {(context.IsAtController ? "" : $"{state,-10} ")}{type,-15}");
    }

    private static async Task<int> UnregisterAsync(ShimContext context)
    {
        long id = context.Arguments.Number("id") ?? throw new ShimUsageException("argument --id/-i is required");
        UnregisterBrokerResponse answer = await context.Asking.AskAsync<UnregisterBrokerRequest, UnregisterBrokerResponse>(
            context.Controller, _ => new UnregisterBrokerRequest { BrokerId = (int)id }, context.Cancel).ConfigureAwait(false);
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        if (code != ErrorCode.None) throw new MoldauException(ClientError.Of(code, answer.ErrorMessage, $"broker {id} was not unregistered"));
        context.Out.WriteLine($"Broker {id} is no longer registered.");
        return ExitCodes.Ok;
    }
}
