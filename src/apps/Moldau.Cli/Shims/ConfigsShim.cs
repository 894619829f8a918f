using System.Text.RegularExpressions;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-configs.sh</c>: what is changed here, what is described in <see cref="ConfigsShimDescribe"/>, and users, clients and
/// addresses in <see cref="ConfigsShimClients"/>.</summary>
internal static partial class ConfigsShim
{
    public static readonly Shim Shim = new(
        "kafka-configs",
        "bootstrap-server: bootstrap-controller: command-config: alter describe all entity-type: entity-name: entity-default add-config: "
        + "add-config-file: delete-config: topic: broker: broker-defaults broker-logger: group: client-metrics: client: client-defaults user: "
        + "user-defaults ip: ip-defaults help version",
        RunAsync);

    /// <summary>Java's client does not send all of its calls to controllers.</summary>
    public static MoldauException NotForControllers { get; } = new(new ClientError(
        ErrorCode.UnsupportedEndpointType, "This Admin API is not yet supported when communicating directly with the controller quorum."));

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        ConfigsShimEntities.Check(arguments);
        try
        {
            if (arguments.Value("command-config") is { } file) JavaTrace.AddPropertiesFile(context, file);
            JavaTrace.CheckAddress(context.RequireAddress());
            await ActAsync(context).ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        catch (JavaFailureException failure)
        {
            Tell(context, failure);
        }
        catch (MoldauException error)
        {
            Tell(context, JavaTrace.Wrap(error));
        }

        return ExitCodes.Failed;
    }

    private static void Tell(ShimContext context, JavaFailureException failure)
    {
        context.Error.WriteLine($"Error while executing config command with args '{string.Join(' ', context.Words)}'");
        JavaTrace.WriteTrace(context.Error, failure);
    }

    private static async Task ActAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        List<string> types = ConfigsShimEntities.Types(arguments);
        List<string> names = ConfigsShimEntities.Names(arguments);
        bool isOfClients = types[0] is ConfigsShimEntities.Users or ConfigsShimEntities.Clients or ConfigsShimEntities.Ips;
        (string, string?)[] entities = [.. types.Select((t, i) => (t, i < names.Count ? names[i] : null))];
        if (arguments.Has("describe"))
        {
            await context.ConnectAsync("describeConfigs").ConfigureAwait(false);
            if (isOfClients) await ConfigsShimClients.DescribeAsync(context, entities).ConfigureAwait(false);
            else await ConfigsShimDescribe.RunAsync(context, types[0], names.Count > 0 ? names[0] : null).ConfigureAwait(false);
            return;
        }

        Dictionary<string, string> added = Added(arguments);
        string[] deleted = [.. arguments.Values("delete-config").SelectMany(ShimArguments.Split)];
        await context.ConnectAsync("incrementalAlterConfigs").ConfigureAwait(false);
        if (isOfClients) await ConfigsShimClients.AlterAsync(context, entities, added, deleted).ConfigureAwait(false);
        else await AlterAsync(context, types[0], names[0], added, deleted).ConfigureAwait(false);
    }

    private static Dictionary<string, string> Added(ShimArguments arguments)
    {
        Dictionary<string, string> added = new(StringComparer.Ordinal);
        if (arguments.Value("add-config-file") is { } file)
        {
            if (!File.Exists(file)) throw new JavaFailureException("java.nio.file.NoSuchFileException", file);
            Config.PropertiesFile.TryParse(File.ReadAllText(file), out added, out _);
        }

        foreach (string pair in arguments.Values("add-config").SelectMany(ShimArguments.Split))
        {
            int equals = pair.IndexOf('=');
            if (equals < 0)
            {
                throw new ShimFailedException(
                    "requirement failed: Invalid entity config: all configs to be added must be in the format \"key=val\" or  "
                    + "\"key=[val1,val2]\" to group values which contain commas.");
            }

            added[pair[..equals].Trim()] = WithoutBrackets(pair[(equals + 1)..].Trim());
        }

        if (added.Keys.FirstOrDefault(k => !KeyPattern().IsMatch(k)) is { } odd)
            throw new ShimFailedException($"Invalid character found for config key: {odd}");
        return added;
    }

    /// <summary>A value in brackets may hold commas; the brackets are not part of it.</summary>
    private static string WithoutBrackets(string value) => value.StartsWith('[') && value.EndsWith(']') ? value[1..^1] : value;

    [GeneratedRegex(@"^[$a-zA-Z0-9._-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern();

    private static async Task AlterAsync(ShimContext context, string type, string name, Dictionary<string, string> added, string[] deleted)
    {
        if (type == ConfigsShimEntities.BrokerLoggers)
        {
            var loggers = await ConfigsShimDescribe.ConfigsAsync(context, type, name).ConfigureAwait(false);
            HashSet<string> known = [.. loggers.Select(l => l.Name)];
            string[] unknown = [.. deleted.Concat(added.Keys).Where(l => !known.Contains(l))];
            if (unknown.Length > 0) throw new ShimFailedException($"Invalid broker logger(s): {string.Join(',', unknown)}");
        }

        ConfigResource resource = new(ConfigsShimDescribe.KindOf(type), name);
        ConfigChange[] changes =
        [
            .. added.Select(p => new ConfigChange(p.Key, ConfigChangeKind.Set, p.Value)),
            .. deleted.Select(n => new ConfigChange(n, ConfigChangeKind.Delete, "")),
        ];
        if (context.IsAtController) await AskControllerAsync(context, resource, changes).ConfigureAwait(false);
        else await context.Admin.ChangeConfigAsync(resource, changes, false, context.Cancel).ConfigureAwait(false);
        context.Out.WriteLine(name.Length == 0
            ? $"Completed updating default config for {type} in the cluster."
            : $"Completed updating config for {ConfigsShimEntities.Singular(type)} {name}.");
    }

    private static async Task AskControllerAsync(ShimContext context, ConfigResource resource, ConfigChange[] changes)
    {
        var answer = await context.Asking.AskAsync<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(
            context.Controller,
            _ => new IncrementalAlterConfigsRequest
            {
                Resources =
                [
                    new()
                    {
                        ResourceType = (sbyte)resource.Kind,
                        ResourceName = resource.Name,
                        Configs = [.. changes.Select(c => new IncrementalAlterConfigsRequest.AlterableConfig
                        {
                            Name = c.Name,
                            ConfigOperation = (sbyte)c.Kind,
                            Value = c.Value,
                        })],
                    },
                ],
            },
            context.Cancel).ConfigureAwait(false);
        IncrementalAlterConfigsResponse.AlterConfigsResourceResponse result = answer.Responses[0];
        ErrorCode code = ErrorCodes.FromWire(result.ErrorCode);
        if (code != ErrorCode.None) throw new MoldauException(ClientError.Of(code, result.ErrorMessage, "the configuration was not changed"));
    }
}
