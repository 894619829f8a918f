using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>How access rules are said on a command line: who, on what, which operations.</summary>
internal static class AclOptions
{
    /// <summary>The name that a cluster has as a resource.</summary>
    private const string ClusterName = "kafka-cluster";

    public static readonly Option[] Who =
    [
        new("--user", null, "NAME", "the user; '*' for everybody; may be repeated"),
        new("--principal", null, "TYPE:NAME", "the same for principals that are no users"),
    ];

    public static readonly Option[] What =
    [
        new("--topic", null, "NAME", "a topic; '*' for each; may be repeated, as those below"),
        new("--group", null, "NAME", "a group"),
        new("--txn", null, "ID", "a transactional id"),
        new("--token", null, "ID", "a delegation token"),
        new("--token-user", null, "NAME", "a user whose tokens are made or described"),
        new("--cluster", null, null, "the cluster itself"),
    ];

    public static readonly Option Operations =
        new("--op", null, "OP,…", "read, write, create, delete, alter, describe, all, … ('moldau help acl grant')");

    public static readonly Option Host = new("--host", null, "ADDRESS", "only from this address (any)");

    public static readonly Option Prefix = new("--prefix", null, null, "the names are beginnings of names");

    /// <summary>The fields of a rule.</summary>
    public static readonly Column[] Columns =
    [
        new("principal"), new("permission"), new("operation"), new("resource"), new("name"), new("pattern"), new("host"),
    ];

    /// <summary>Written out: this class is there at the start of every command, and names of an enumeration are slow to ask for.</summary>
    public const string OperationNames = "Operations: all, read, write, create, delete, alter, describe, cluster-action, "
        + "describe-configs, alter-configs, idempotent-write, create-tokens, describe-tokens, two-phase-commit.";

    public static string NameOf(AclOperation operation) => Kebab(operation.ToString());

    public static string NameOf(AclResourceType type) => Kebab(type.ToString());

    public static string NameOf(Enum value) => Kebab(value.ToString());

    public static string[] Principals(CommandLineArguments arguments) =>
    [
        .. arguments.Values("--user").Select(u => "User:" + u),
        .. arguments.Values("--principal").Select(p => p.Contains(':')
            ? p
            : throw new CommandException($"'--principal {p}' is not of the form TYPE:NAME", ExitCodes.Usage)),
    ];

    public static (AclResourceType Type, string Name)[] Resources(CommandLineArguments arguments) =>
    [
        .. arguments.Values("--topic").Select(n => (AclResourceType.Topic, n)),
        .. arguments.Values("--group").Select(n => (AclResourceType.Group, n)),
        .. arguments.Values("--txn").Select(n => (AclResourceType.TransactionalId, n)),
        .. arguments.Values("--token").Select(n => (AclResourceType.DelegationToken, n)),
        .. arguments.Values("--token-user").Select(n => (AclResourceType.User, n)),
        .. arguments.Has("--cluster") ? [(AclResourceType.Cluster, ClusterName)] : Array.Empty<(AclResourceType, string)>(),
    ];

    public static AclOperation[] OperationsOf(CommandLineArguments arguments) =>
        [.. arguments.Values("--op").SelectMany(v => v.Split(',')).Select(Operation)];

    /// <summary>All rules that the options spell out; an error names what is missing.</summary>
    /// <exception cref="CommandException">Somebody, something or an operation is not named.</exception>
    public static List<AclBinding> Bindings(CommandLineArguments arguments, string verb, AclPermission permission)
    {
        string[] principals = Principals(arguments);
        var resources = Resources(arguments);
        AclOperation[] operations = OperationsOf(arguments);
        string? missing = principals.Length == 0 ? "--user"
            : resources.Length == 0 ? "--topic, --group, --txn or --cluster"
            : operations.Length == 0 ? "--op"
            : null;
        if (missing is not null) throw new CommandException($"'{verb}' needs {missing}", ExitCodes.Usage);
        return
        [
            .. from principal in principals
               from resource in resources
               from operation in operations
               select new AclBinding(
                   resource.Type, resource.Name, PatternOf(arguments, resource.Type), principal, arguments.Value("--host") ?? "*",
                   operation, permission),
        ];
    }

    /// <summary>The filters that the options spell out: what is not named stands for each.</summary>
    public static List<AclFilter> Filters(CommandLineArguments arguments)
    {
        string?[] principals = [.. Principals(arguments).DefaultIfEmpty()];
        (AclResourceType Type, string? Name)[] resources =
            [.. Resources(arguments).Select(r => (r.Type, (string?)r.Name)).DefaultIfEmpty((AclResourceType.Any, null))];
        AclOperation[] operations = [.. OperationsOf(arguments).DefaultIfEmpty(AclOperation.Any)];
        return
        [
            .. from principal in principals
               from resource in resources
               from operation in operations
               select new AclFilter
               {
                   Principal = principal,
                   ResourceType = resource.Type,
                   ResourceName = resource.Name,
                   PatternType = resource.Name is null ? AclPatternType.Any : PatternOf(arguments, resource.Type),
                   Operation = operation,
                   Host = arguments.Value("--host"),
               },
        ];
    }

    public static CommandResult Table() => new(Columns);

    public static void Add(CommandResult table, AclBinding binding) => table.Add(
        binding.Principal, NameOf(binding.Permission), NameOf(binding.Operation), NameOf(binding.ResourceType), binding.ResourceName,
        NameOf(binding.PatternType), binding.Host);

    public static IEnumerable<AclBinding> Ordered(IEnumerable<AclBinding> bindings) => bindings
        .OrderBy(b => b.Principal, StringComparer.Ordinal).ThenBy(b => b.ResourceType).ThenBy(b => b.ResourceName, StringComparer.Ordinal)
        .ThenBy(b => b.PatternType).ThenBy(b => b.Operation).ThenBy(b => b.Permission).ThenBy(b => b.Host, StringComparer.Ordinal);

    private static AclPatternType PatternOf(CommandLineArguments arguments, AclResourceType type) =>
        arguments.Has("--prefix") && type != AclResourceType.Cluster ? AclPatternType.Prefixed : AclPatternType.Literal;

    private static AclOperation Operation(string text)
    {
        foreach (AclOperation operation in Enum.GetValues<AclOperation>())
            if (operation > AclOperation.Any && NameOf(operation) == text.ToLowerInvariant().Replace('_', '-')) return operation;
        string? near = Nearest.Of(text, Enum.GetValues<AclOperation>().Where(o => o > AclOperation.Any).Select(NameOf));
        string hint = near is null ? "'moldau help acl grant' lists them" : $"did you mean '{near}'?";
        throw new CommandException($"there is no operation '{text}'; {hint}", ExitCodes.Usage);
    }

    /// <summary><c>DescribeConfigs</c> → <c>describe-configs</c></summary>
    private static string Kebab(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
