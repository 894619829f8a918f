using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary>Which rules the options of <c>kafka-acls.sh</c> spell out.</summary>
internal static class AclShimRules
{
    private const string ClusterName = "kafka-cluster";

    private const string Everywhere = "*";

    /// <summary>The options that name resources, in the script's order; the cluster has no name.</summary>
    private static readonly (string Option, AclResourceType Type)[] Options =
    [
        ("topic", AclResourceType.Topic), ("cluster", AclResourceType.Cluster), ("group", AclResourceType.Group),
        ("transactional-id", AclResourceType.TransactionalId), ("delegation-token", AclResourceType.DelegationToken),
        ("user-principal", AclResourceType.User),
    ];

    private static readonly Dictionary<AclResourceType, AclOperation[]> Supported = new()
    {
        [AclResourceType.Topic] =
        [
            AclOperation.Read, AclOperation.Write, AclOperation.Create, AclOperation.Describe, AclOperation.Delete, AclOperation.Alter,
            AclOperation.DescribeConfigs, AclOperation.AlterConfigs,
        ],
        [AclResourceType.Group] =
            [AclOperation.Read, AclOperation.Describe, AclOperation.Delete, AclOperation.DescribeConfigs, AclOperation.AlterConfigs],
        [AclResourceType.Cluster] =
        [
            AclOperation.Create, AclOperation.ClusterAction, AclOperation.DescribeConfigs, AclOperation.AlterConfigs,
            AclOperation.IdempotentWrite, AclOperation.Alter, AclOperation.Describe,
        ],
        [AclResourceType.TransactionalId] = [AclOperation.Describe, AclOperation.Write, AclOperation.TwoPhaseCommit],
        [AclResourceType.DelegationToken] = [AclOperation.Describe],
        [AclResourceType.User] = [AclOperation.CreateTokens, AclOperation.DescribeTokens],
    };

    /// <summary>How the names are read.</summary>
    /// <exception cref="JavaFailureException">There is no such way.</exception>
    public static AclPatternType PatternType(ShimArguments arguments)
    {
        const string Option = "resource-pattern-type";
        if (JavaTrace.Single(arguments, Option) is not { } text) return AclPatternType.Literal;
        foreach (AclPatternType type in Enum.GetValues<AclPatternType>())
            if (type != AclPatternType.Unknown && string.Equals(type.ToString(), text, StringComparison.OrdinalIgnoreCase)) return type;
        string cause = text.Equals(nameof(AclPatternType.Unknown), StringComparison.OrdinalIgnoreCase)
            ? $"Unknown {Option}: {text}"
            : $"Value [{text}] is not one of [ANY|MATCH|LITERAL|PREFIXED]";
        throw new JavaFailureException(
            "joptsimple.OptionArgumentConversionException", $"Cannot parse argument '{text}' of option {Option}",
            $"joptsimple.ValueConversionException: {cause}");
    }

    /// <summary>The resources, each once.</summary>
    public static List<AclFilter> Resources(ShimArguments arguments)
    {
        AclPatternType pattern = PatternType(arguments);
        List<AclFilter> resources = [];
        foreach ((string option, AclResourceType type) in Options)
        {
            if (type == AclResourceType.Cluster)
            {
                if (pattern == AclPatternType.Literal && (arguments.Has(option) || arguments.Has("idempotent"))) resources.Add(Cluster);
                continue;
            }

            foreach (string text in arguments.Values(option))
            {
                string name = type == AclResourceType.TransactionalId ? text : text.Trim();
                resources.Add(new AclFilter { ResourceType = type, ResourceName = name, PatternType = pattern });
            }
        }

        return [.. resources.Distinct()];
    }

    /// <summary>The rules by resource; a resource without rules stands for all that it has.</summary>
    /// <exception cref="ShimUsageException">No resource is named, or one does not have the operation.</exception>
    public static List<(AclFilter Resource, List<AclBinding> Rules)> Rules(ShimArguments arguments)
    {
        List<AclFilter> resources = Resources(arguments);
        if (resources.Count == 0)
        {
            throw new ShimUsageException(
                "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>");
        }

        (bool isProducer, bool isConsumer) = (arguments.Has("producer"), arguments.Has("consumer"));
        List<(AclFilter Resource, List<AclBinding> Rules)> rules = [];
        foreach (AclFilter resource in resources)
        {
            HashSet<AclOperation> operations = [];
            if (!isProducer && !isConsumer) operations.UnionWith(Operations(arguments));
            if (isProducer) operations.UnionWith(OfProducer(resource.ResourceType));
            if (isConsumer) operations.UnionWith(OfConsumer(resource.ResourceType));
            if (operations.Count > 0) rules.Add((resource, Of(arguments, resource, operations)));
        }

        // Whatever the pattern type is.
        if (isProducer && arguments.Has("idempotent")) rules.Add((Cluster, Of(arguments, Cluster, [AclOperation.IdempotentWrite])));
        foreach ((AclFilter resource, List<AclBinding> ofResource) in rules) Check(resource.ResourceType, ofResource);
        return rules;
    }

    /// <summary>The principals of an option.</summary>
    /// <exception cref="JavaFailureException">One is not of the form type:name.</exception>
    public static List<string> Principals(ShimArguments arguments, string option)
    {
        List<string> principals = [];
        foreach (string text in arguments.Values(option))
        {
            // An option whose value may be left out.
            if (text.Length == 0) continue;
            principals.Add(JavaTrace.Principal(text.Trim()).ToString());
        }

        return [.. principals.Distinct(StringComparer.Ordinal)];
    }

    private static AclFilter Cluster => new()
    {
        ResourceType = AclResourceType.Cluster,
        ResourceName = ClusterName,
        PatternType = AclPatternType.Literal,
    };

    private static AclOperation[] OfProducer(AclResourceType type) => type switch
    {
        AclResourceType.Topic => [AclOperation.Write, AclOperation.Describe, AclOperation.Create],
        AclResourceType.TransactionalId => [AclOperation.Write, AclOperation.Describe],
        _ => [],
    };

    private static AclOperation[] OfConsumer(AclResourceType type) => type switch
    {
        AclResourceType.Topic => [AclOperation.Read, AclOperation.Describe],
        AclResourceType.Group => [AclOperation.Read],
        _ => [],
    };

    private static IEnumerable<AclOperation> Operations(ShimArguments arguments) =>
        arguments.Has("operation") ? arguments.Values("operation").Select(o => Operation(o.Trim())) : [AclOperation.All];

    /// <summary>Names are <c>DescribeConfigs</c>, or <c>DESCRIBE_CONFIGS</c> in either case.</summary>
    private static AclOperation Operation(string name) => Enum.GetValues<AclOperation>()
        .FirstOrDefault(o => name == o.ToString() || name.ToUpperInvariant() == AclShimText.Upper(o));

    private static List<AclBinding> Of(ShimArguments arguments, AclFilter resource, IEnumerable<AclOperation> operations)
    {
        IEnumerable<AclBinding> Rules(string kind, AclPermission permission) =>
            from principal in Principals(arguments, kind + "-principal")
            from operation in operations
            from host in arguments.Has(kind + "-host") ? arguments.Values(kind + "-host").Select(h => h.Trim()) : [Everywhere]
            select new AclBinding(
                resource.ResourceType, resource.ResourceName!, resource.PatternType, principal, host, operation, permission);
        return [.. Rules("allow", AclPermission.Allow).Concat(Rules("deny", AclPermission.Deny)).Distinct()];
    }

    private static void Check(AclResourceType type, List<AclBinding> rules)
    {
        AclOperation[] supported = [.. Supported[type], AclOperation.All];
        if (rules.TrueForAll(r => supported.Contains(r.Operation))) return;
        string names = string.Join(", ", supported.Select(AclShimText.Upper));
        throw new ShimUsageException($"ResourceType {AclShimText.Upper(type)} only supports operations [{names}]");
    }
}
