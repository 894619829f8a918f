using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-configs.sh</c>: topics, brokers, broker loggers, groups and client metrics here, users, clients and addresses in
/// <see cref="ConfigsShimClients"/>.</summary>
internal static class ConfigsShim
{
    public static readonly Shim Shim = new(
        "kafka-configs",
        "bootstrap-server: bootstrap-controller: command-config: alter describe all entity-type: entity-name: entity-default add-config: "
        + "add-config-file: delete-config: topic: broker: broker-defaults broker-logger: group: client-metrics: client: client-defaults user: "
        + "user-defaults ip: ip-defaults help version",
        RunAsync);

    private static readonly string[] Short = ["topic", "broker", "broker-logger", "group", "client-metrics"];

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (new[] { "alter", "describe" }.Count(arguments.Has) != 1)
            throw new ShimUsageException("Command must include exactly one action: --describe, --alter");
        if (arguments.Value("bootstrap-server") is not { } bootstrap)
            throw new ShimUsageException("One of the required --bootstrap-server or --bootstrap-controller arguments must be specified");
        IReadOnlyList<(string Type, string? Name)> clients = ConfigsShimClients.Entities(arguments);
        (string kind, string? name) = clients.Count > 0 ? ("", null) : Entity(arguments);
        try
        {
            context.AddPropertiesFile(arguments.Value("command-config"));
            context.Connect(bootstrap, "describeConfigs");
            if (clients.Count > 0 && arguments.Has("alter"))
                await ConfigsShimClients.AlterAsync(context, clients, Added(arguments), Deleted(arguments)).ConfigureAwait(false);
            else if (clients.Count > 0) await ConfigsShimClients.DescribeAsync(context, clients).ConfigureAwait(false);
            else if (arguments.Has("alter")) await AlterAsync(context, kind, name).ConfigureAwait(false);
            else await DescribeAsync(context, kind, name).ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        catch (MoldauException error)
        {
            context.Error.WriteLine($"Error while executing config command with args '{string.Join(' ', context.Words)}'");
            context.Error.WriteLine(
                $"java.util.concurrent.ExecutionException: {ShimErrors.ClassOf(error.Error)}: {ShimErrors.TextOf(new ClientError(error.Error, error.Message))}");
            return ExitCodes.Failed;
        }
    }

    /// <summary>The kind in singular, and the name; an empty one is the default of all, null means all there are.</summary>
    private static (string Kind, string? Name) Entity(ShimArguments arguments)
    {
        foreach (string option in Short)
            if (arguments.Value(option) is { } value) return (option, value);
        if (arguments.Has("broker-defaults")) return ("broker", "");
        string kind = arguments.Value("entity-type") switch
        {
            "topics" => "topic",
            "brokers" => "broker",
            "broker-loggers" => "broker-logger",
            "groups" => "group",
            "client-metrics" => "client-metrics",
            null => throw new ShimUsageException("At least one entity type must be specified"),
            { } other => throw new ShimUsageException(
                $"Invalid entity type {other}, the entity type must be one of topics, clients, users, brokers, ips, broker-loggers, "
                + "client-metrics, groups with a bootstrap-server or bootstrap-controller"),
        };
        string? name = arguments.Has("entity-default") ? "" : arguments.Value("entity-name");
        if (name is null && arguments.Has("alter"))
            throw new ShimUsageException("an entity name must be specified with --alter of " + kind + "s");
        return (kind, name);
    }

    private static Dictionary<string, string> Added(ShimArguments arguments)
    {
        Dictionary<string, string> add = ShimArguments.Pairs(arguments.Values("add-config").SelectMany(ShimArguments.Split));
        if (arguments.Value("add-config-file") is { } file)
        {
            if (!File.Exists(file)) throw new ShimUsageException($"{file} (No such file or directory)");
            Config.PropertiesFile.TryParse(File.ReadAllText(file), out Dictionary<string, string> more, out _);
            foreach ((string key, string value) in more) add[key] = value;
        }

        if (add.Count == 0 && Deleted(arguments).Length == 0) throw new ShimUsageException("At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter");
        return add;
    }

    private static string[] Deleted(ShimArguments arguments) => [.. arguments.Values("delete-config").SelectMany(ShimArguments.Split)];

    private static async Task AlterAsync(ShimContext context, string kind, string? name)
    {
        ConfigChange[] changes =
        [
            .. Added(context.Arguments).Select(p => new ConfigChange(p.Key, ConfigChangeKind.Set, WithoutBrackets(p.Value))),
            .. Deleted(context.Arguments).Select(n => new ConfigChange(n, ConfigChangeKind.Delete, null)),
        ];
        ConfigResource resource = new(KindOf(kind), name!);
        await context.Admin.ChangeConfigAsync(resource, changes, false, context.Cancel).ConfigureAwait(false);
        string what = name!.Length == 0 ? $"default config for {kind}s in the cluster" : $"config for {kind} {name}";
        context.Out.WriteLine($"Completed updating {what}.");
    }

    /// <summary>A value in brackets may hold commas; the brackets are not part of it.</summary>
    private static string WithoutBrackets(string value) => value.StartsWith('[') && value.EndsWith(']') ? value[1..^1] : value;

    private static async Task DescribeAsync(ShimContext context, string kind, string? name)
    {
        bool showsAll = context.Arguments.Has("all");
        IReadOnlyList<string> names = name is not null ? [name] : kind switch
        {
            "topic" => [.. (await context.Admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false)).Select(t => t.Name)],
            "group" => [.. (await context.Admin.ListGroupsAsync(context.Cancel).ConfigureAwait(false)).Select(g => g.GroupId)],
            "broker" or "broker-logger" => [.. (await context.Admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false)).Brokers
                .Select(b => b.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)), .. kind == "broker" ? new[] { "" } : []],
            _ => throw new ShimUsageException($"an entity name must be specified for {kind}"),
        };
        foreach (string one in names)
        {
            context.Out.WriteLine(one.Length == 0
                ? $"Default configs for {kind}s in the cluster are:"
                : $"{(showsAll ? "All" : "Dynamic")} configs for {kind} {one} are:");
            foreach (var config in await ConfigsAsync(context, kind, one).ConfigureAwait(false))
                if (showsAll || IsOwn(kind, one, config.ConfigSource)) context.Out.WriteLine(Line(config));
        }
    }

    /// <summary>With the values that would hold otherwise, which the administration leaves out.</summary>
    private static async Task<IEnumerable<DescribeConfigsResponse.DescribeConfigsResourceResult>> ConfigsAsync(
        ShimContext context, string kind, string name)
    {
        CallTarget target = kind is "broker" or "broker-logger" && int.TryParse(name, out int id) ? CallTarget.Broker(id) : CallTarget.Any;
        DescribeConfigsResponse answer = await context.Asking.AskAsync<DescribeConfigsRequest, DescribeConfigsResponse>(
            target,
            _ => new DescribeConfigsRequest
            {
                IncludeSynonyms = true,
                Resources = [new() { ResourceType = (sbyte)KindOf(kind), ResourceName = name, ConfigurationKeys = null }],
            },
            context.Cancel).ConfigureAwait(false);
        DescribeConfigsResponse.DescribeConfigsResult result = answer.Results[0];
        ErrorCode code = ErrorCodes.FromWire(result.ErrorCode);
        if (code != ErrorCode.None) throw new MoldauException(ClientError.Of(code, result.ErrorMessage, "describe"));
        return result.Configs.OrderBy(c => c.Name, StringComparer.Ordinal);
    }

    private static bool IsOwn(string kind, string name, sbyte source) => (ConfigSource)source == kind switch
    {
        "topic" => ConfigSource.TopicConfig,
        "group" => ConfigSource.GroupConfig,
        "client-metrics" => ConfigSource.ClientMetricsConfig,
        "broker-logger" => ConfigSource.DynamicBrokerLoggerConfig,
        _ when name.Length == 0 => ConfigSource.DynamicDefaultBrokerConfig,
        _ => ConfigSource.DynamicBrokerConfig,
    };

    private static string Line(DescribeConfigsResponse.DescribeConfigsResourceResult config)
    {
        string synonyms = string.Join(", ", config.Synonyms.Select(s => $"{SourceName(s.Source)}:{s.Name}={s.Value ?? "null"}"));
        return $"  {config.Name}={config.Value ?? "null"} sensitive={(config.IsSensitive ? "true" : "false")} synonyms={{{synonyms}}}";
    }

    private static string SourceName(sbyte source) => (ConfigSource)source switch
    {
        ConfigSource.TopicConfig => "DYNAMIC_TOPIC_CONFIG",
        ConfigSource.DynamicBrokerConfig => "DYNAMIC_BROKER_CONFIG",
        ConfigSource.DynamicDefaultBrokerConfig => "DYNAMIC_DEFAULT_BROKER_CONFIG",
        ConfigSource.StaticBrokerConfig => "STATIC_BROKER_CONFIG",
        ConfigSource.DefaultConfig => "DEFAULT_CONFIG",
        ConfigSource.DynamicBrokerLoggerConfig => "DYNAMIC_BROKER_LOGGER_CONFIG",
        ConfigSource.ClientMetricsConfig => "DYNAMIC_CLIENT_METRICS_CONFIG",
        ConfigSource.GroupConfig => "DYNAMIC_GROUP_CONFIG",
        _ => "UNKNOWN",
    };

    private static ConfigResourceKind KindOf(string kind) => kind switch
    {
        "topic" => ConfigResourceKind.Topic,
        "group" => ConfigResourceKind.Group,
        "client-metrics" => ConfigResourceKind.ClientMetrics,
        "broker-logger" => ConfigResourceKind.BrokerLogger,
        _ => ConfigResourceKind.Broker,
    };
}
