using System.Globalization;
using System.Net.Sockets;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary>What the options of <c>kafka-configs.sh</c> are about: entities of a type, each with a name. An empty name is the default of
/// all.</summary>
internal static class ConfigsShimEntities
{
    public const string Topics = "topics";
    public const string Clients = "clients";
    public const string Users = "users";
    public const string Brokers = "brokers";
    public const string Ips = "ips";
    public const string ClientMetrics = "client-metrics";
    public const string Groups = "groups";
    public const string BrokerLoggers = "broker-loggers";

    private static readonly string[] All = [Topics, Clients, Users, Brokers, Ips, ClientMetrics, Groups, BrokerLoggers];

    /// <summary>Types that have a default of all.</summary>
    private static readonly string[] WithDefault = [Users, Clients, Brokers, Ips];

    /// <summary>Options that say type and name at once.</summary>
    private static readonly (string Option, string Type)[] Flags =
    [
        ("topic", Topics), ("client", Clients), ("user", Users), ("broker", Brokers), ("broker-logger", BrokerLoggers), ("ip", Ips),
        ("client-metrics", ClientMetrics), ("group", Groups),
    ];

    private static readonly (string Option, string Type)[] DefaultFlags =
        [("client-defaults", Clients), ("user-defaults", Users), ("broker-defaults", Brokers), ("ip-defaults", Ips)];

    /// <summary>The types, in the script's order.</summary>
    public static List<string> Types(ShimArguments arguments) =>
    [
        .. arguments.Values("entity-type"), .. Flags.Where(f => arguments.Has(f.Option)).Select(f => f.Type),
        .. DefaultFlags.Where(f => arguments.Has(f.Option)).Select(f => f.Type),
    ];

    /// <summary>The names, as they belong to the types; there may be fewer.</summary>
    public static List<string> Names(ShimArguments arguments) =>
    [
        .. arguments.InOrder("entity-name", "entity-default"), .. Flags.Where(f => arguments.Has(f.Option)).Select(f => arguments.Value(f.Option)!),
        .. DefaultFlags.Where(f => arguments.Has(f.Option)).Select(_ => ""),
    ];

    /// <summary>As messages have it: <c>topic</c>, and <c>client-metric</c>.</summary>
    public static string Singular(string type) => type[..^1];

    /// <summary>Refuses command lines that the script refuses, in its order and words.</summary>
    /// <exception cref="ShimUsageException">It is told with the options.</exception>
    /// <exception cref="ShimFailedException">It is told alone.</exception>
    public static void Check(ShimArguments arguments)
    {
        if (new[] { "alter", "describe" }.Count(arguments.Has) != 1)
            throw new ShimUsageException("Command must include exactly one action: --describe, --alter");
        arguments.Forbid("describe", "add-config", "delete-config");
        List<string> types = Types(arguments);
        List<string> names = Names(arguments);
        string[] twice = [.. types.GroupBy(t => t).SelectMany(g => g.Skip(1))];
        if (twice.Length > 0) throw new ShimFailedException($"Duplicate entity type(s) specified: {string.Join(',', twice)}");
        (bool isServer, bool isController) = (arguments.Has("bootstrap-server"), arguments.Has("bootstrap-controller"));
        if (!isServer && !isController) throw new ShimFailedException("Either --bootstrap-server or --bootstrap-controller must be specified.");
        if (types.Find(t => !All.Contains(t)) is { } unknown)
        {
            throw new ShimFailedException(
                $"Invalid entity type {unknown}, the entity type must be one of {string.Join(", ", All)} with a --bootstrap-server or "
                + "--bootstrap-controller argument");
        }

        if (types.Count == 0) throw new ShimFailedException("At least one entity type must be specified");
        if (types.Count > 1 && !(types.Count == 2 && types.Contains(Users) && types.Contains(Clients)))
            throw new ShimFailedException($"Only '{Users}' and '{Clients}' entity types may be specified together");
        bool isLong = arguments.Has("entity-name") || arguments.Has("entity-type") || arguments.Has("entity-default");
        if (isLong && Flags.Concat(DefaultFlags).Any(f => arguments.Has(f.Option)))
            throw new ShimFailedException("--entity-{type,name,default} should not be used in conjunction with specific entity flags");
        if (isServer && isController) throw new ShimFailedException("Only one of --bootstrap-server or --bootstrap-controller can be specified");
        CheckNames(types[0], names);
        if (arguments.Has("describe")) CheckDescribe(arguments, types, names);
        else CheckAlter(arguments, types, names);
    }

    private static void CheckNames(string type, List<string> names)
    {
        foreach (string name in names.Where(n => n.Length > 0))
        {
            if (type is Brokers or BrokerLoggers && !int.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
                throw new ShimFailedException($"The entity name for {type} must be a valid integer broker id, but it is: {name}");
            if (type == Ips && !IsHost(name))
                throw new ShimFailedException($"The entity name for {type} must be a valid IP or resolvable host, but it is: {name}");
        }
    }

    private static void CheckDescribe(ShimArguments arguments, List<string> types, List<string> names)
    {
        string all = string.Join(',', types);
        if (!types.Exists(WithDefault.Contains) && arguments.Has("entity-default"))
            throw new ShimFailedException($"--entity-default must not be specified with --describe of {all}");
        if (types.Contains(BrokerLoggers) && !names.Exists(n => n.Length > 0))
            throw new ShimFailedException($"An entity name must be specified with --describe of {all}");
    }

    private static void CheckAlter(ShimArguments arguments, List<string> types, List<string> names)
    {
        if (types.Exists(WithDefault.Contains))
        {
            if (names.Count == 0)
                throw new ShimFailedException("An entity-name or default entity must be specified with --alter of users, clients, brokers or ips");
        }
        else if (!names.Exists(n => n.Length > 0))
        {
            throw new ShimFailedException($"An entity name must be specified with --alter of {string.Join(',', types)}");
        }

        (bool isAdded, bool isFile) = (arguments.Has("add-config"), arguments.Has("add-config-file"));
        if (isAdded && isFile) throw new ShimFailedException("Only one of --add-config or --add-config-file must be specified");
        if (!isAdded && !isFile && !arguments.Has("delete-config"))
            throw new ShimFailedException("At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter");
        if (types.Count != names.Count) throw new ShimFailedException("An entity name must be specified for every entity type");
    }

    private static bool IsHost(string name)
    {
        try
        {
            return HostName.AddressesOf(name).Length > 0;
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            return false;
        }
    }
}
