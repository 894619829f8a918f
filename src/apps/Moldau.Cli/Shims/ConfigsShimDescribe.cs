using System.Globalization;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-configs.sh --describe</c> of everything that has properties; quotas are in <see cref="ConfigsShimClients"/>.</summary>
internal static class ConfigsShimDescribe
{
    /// <param name="context">What is at hand.</param>
    /// <param name="type">The script's name of it, in plural.</param>
    /// <param name="name">Empty for the default of all, null for all there are.</param>
    public static async Task RunAsync(ShimContext context, string type, string? name)
    {
        bool showsAll = context.Arguments.Has("all");
        string singular = ConfigsShimEntities.Singular(type);
        if (type == ConfigsShimEntities.Topics && name is not null && WrongTopic(name) is { } wrong) throw new ShimFailedException(wrong);
        IReadOnlyList<string> names = name is not null && (showsAll || name.Length == 0)
            ? [name]
            : await NamesAsync(context, type).ConfigureAwait(false);
        if (name is not null && !names.Contains(name))
        {
            context.Out.WriteLine($"The {singular} '{name}' doesn't exist and doesn't have dynamic config.");
            return;
        }

        foreach (string one in name is null ? names : [name])
        {
            context.Out.WriteLine(one.Length == 0
                ? $"Default configs for {type} in the cluster are:"
                : $"{(showsAll ? "All" : "Dynamic")} configs for {singular} {one} are:");
            foreach (var config in await ConfigsAsync(context, type, one).ConfigureAwait(false))
                if (showsAll || IsOwn(type, one, config.ConfigSource)) context.Out.WriteLine(Line(config));
        }
    }

    /// <summary>With the values that would hold otherwise, which the administration leaves out.</summary>
    public static async Task<IEnumerable<DescribeConfigsResponse.DescribeConfigsResourceResult>> ConfigsAsync(
        ShimContext context, string type, string name)
    {
        bool isOfBroker = type is ConfigsShimEntities.Brokers or ConfigsShimEntities.BrokerLoggers;
        DescribeConfigsResponse answer = await context.Asking.AskAsync<DescribeConfigsRequest, DescribeConfigsResponse>(
            isOfBroker && !context.IsAtController && int.TryParse(name, out int id) ? CallTarget.Broker(id) : CallTarget.Any,
            _ => new DescribeConfigsRequest
            {
                IncludeSynonyms = true,
                Resources = [new() { ResourceType = (sbyte)KindOf(type), ResourceName = name, ConfigurationKeys = null }],
            },
            context.Cancel).ConfigureAwait(false);
        DescribeConfigsResponse.DescribeConfigsResult result = answer.Results[0];
        ErrorCode code = ErrorCodes.FromWire(result.ErrorCode);
        if (code != ErrorCode.None) throw new MoldauException(ClientError.Of(code, result.ErrorMessage, "describe"));
        return result.Configs.OrderBy(c => c.Name, StringComparer.Ordinal);
    }

    public static ConfigResourceKind KindOf(string type) => type switch
    {
        ConfigsShimEntities.Topics => ConfigResourceKind.Topic,
        ConfigsShimEntities.Groups => ConfigResourceKind.Group,
        ConfigsShimEntities.ClientMetrics => ConfigResourceKind.ClientMetrics,
        ConfigsShimEntities.BrokerLoggers => ConfigResourceKind.BrokerLogger,
        _ => ConfigResourceKind.Broker,
    };

    /// <summary>What there is of a type. Controllers are asked for themselves alone, as by Java's client.</summary>
    private static async Task<IReadOnlyList<string>> NamesAsync(ShimContext context, string type)
    {
        if (type is ConfigsShimEntities.Brokers or ConfigsShimEntities.BrokerLoggers)
        {
            IEnumerable<int> ids = context.IsAtController
                ? (await context.DescribeControllersAsync().ConfigureAwait(false)).Brokers.Select(b => b.BrokerId)
                : (await context.Admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false)).Brokers.Select(b => b.Id);
            return [.. ids.Select(i => i.ToString(CultureInfo.InvariantCulture)), ""];
        }

        if (type == ConfigsShimEntities.Groups && context.IsAtController)
        {
            const string Text = "org.apache.kafka.common.KafkaException: Failed to find brokers to send ListGroups";
            throw new JavaFailureException("java.util.concurrent.ExecutionException", Text, Text);
        }

        if (context.IsAtController) throw ConfigsShim.NotForControllers;
        if (type == ConfigsShimEntities.Topics)
            return [.. (await context.Admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false)).Select(t => t.Name)];
        List<string> names = type == ConfigsShimEntities.Groups
            ? [.. (await context.Admin.ListGroupsAsync(context.Cancel).ConfigureAwait(false)).Select(g => g.GroupId)]
            : [];
        try
        {
            // Groups may have properties and be gone, or not be there yet.
            var resources = await context.Admin.ListConfigResourcesAsync([KindOf(type)], context.Cancel).ConfigureAwait(false);
            names.AddRange(resources.Select(r => r.Name));
        }
        catch (MoldauException error) when (error.Error == ErrorCode.UnsupportedVersion && type == ConfigsShimEntities.Groups)
        {
            // Brokers before 4.1 list those of client metrics alone.
        }

        return [.. names.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Why no topic can have the name; null where one can.</summary>
    private static string? WrongTopic(string name)
    {
        const int Longest = 249;
        const string Invalid = "Topic name is invalid: ";
        if (name.Length == 0) return Invalid + "the empty string is not allowed";
        if (name is "." or "..") return Invalid + "'.' or '..' is not allowed";
        if (name.Length > Longest) return $"{Invalid}the length of '{name}' is longer than the max allowed length {Longest}";
        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? null
            : $"{Invalid}'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'";
    }

    /// <summary>Loggers have no other values than their own.</summary>
    private static bool IsOwn(string type, string name, sbyte source) =>
        type == ConfigsShimEntities.BrokerLoggers || (ConfigSource)source == OwnSource(type, name);

    private static ConfigSource OwnSource(string type, string name) => type switch
    {
        ConfigsShimEntities.Topics => ConfigSource.TopicConfig,
        ConfigsShimEntities.Groups => ConfigSource.GroupConfig,
        ConfigsShimEntities.ClientMetrics => ConfigSource.ClientMetricsConfig,
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
}
