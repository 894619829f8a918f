using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-acls.sh</c>. The original keeps rules in hash sets and so prints them in any order; here it is that of the options,
/// or of the names.</summary>
internal static class AclShim
{
    public static readonly Shim Shim = new(
        "kafka-acls",
        "bootstrap-server: bootstrap-controller: command-config? topic: cluster group: transactional-id: idempotent delegation-token: "
        + "resource-pattern-type: add remove list operation: allow-principal: deny-principal: principal? allow-host: deny-host: producer consumer "
        + "force user-principal: help version",
        RunAsync);

    /// <summary>What an option cannot be given with.</summary>
    private static readonly (string Option, string[] Others)[] Exclusive =
    [
        ("list", ["producer", "consumer", "allow-host", "allow-principal", "deny-host", "deny-principal"]),
        ("producer", ["operation", "deny-principal", "deny-host"]), ("consumer", ["operation", "deny-principal", "deny-host"]),
    ];

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        Check(arguments);
        try
        {
            AddProperties(context);
            if (arguments.Has("add")) await AddAsync(context).ConfigureAwait(false);
            else if (arguments.Has("remove")) await RemoveAsync(context).ConfigureAwait(false);
            else await ListAsync(context).ConfigureAwait(false);
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

    private static void Tell(ShimContext context, JavaFailureException failure) =>
        JavaTrace.Write(context.Out, "Error while executing ACL command: ", failure);

    private static void Check(ShimArguments arguments)
    {
        (bool isServer, bool isController) = (arguments.Has("bootstrap-server"), arguments.Has("bootstrap-controller"));
        if (isServer && isController) throw new ShimUsageException("Only one of --bootstrap-server or --bootstrap-controller must be specified");
        if (!isServer && !isController) throw new ShimUsageException("One of --bootstrap-server or --bootstrap-controller must be specified");
        if (new[] { "add", "remove", "list" }.Count(arguments.Has) != 1)
            throw new ShimUsageException("Command must include exactly one action: --list, --add, --remove.");
        foreach ((string option, string[] others) in Exclusive) arguments.Forbid(option, others);
        (bool isProducer, bool hasTopic) = (arguments.Has("producer"), arguments.Has("topic"));
        if (arguments.Has("principal") && !arguments.Has("list"))
            throw new ShimUsageException("The --principal option is only available if --list is set");
        if (isProducer && !hasTopic) throw new ShimUsageException("With --producer you must specify a --topic");
        if (arguments.Has("idempotent") && !isProducer)
            throw new ShimUsageException("The --idempotent option is only available if --producer is set");
        bool isOfConsumer = hasTopic && arguments.Has("group") && (isProducer || !(arguments.Has("cluster") || arguments.Has("transactional-id")));
        if (!arguments.Has("consumer") || isOfConsumer) return;
        throw new ShimUsageException(
            "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.");
    }

    /// <summary>Reads the file of properties, and the address, which is told before anything else that is wrong.</summary>
    private static void AddProperties(ShimContext context)
    {
        string? file = JavaTrace.Single(context.Arguments, "command-config");
        if (file is { Length: > 0 }) JavaTrace.AddPropertiesFile(context, file);
        else if (file is not null) context.Out.WriteLine("Did not load any properties since the property file is not specified");

        string option = context.Arguments.Has("bootstrap-server") ? "bootstrap-server" : "bootstrap-controller";
        JavaTrace.CheckAddress(JavaTrace.Single(context.Arguments, option)!);
    }

    private static async Task AddAsync(ShimContext context)
    {
        AclPatternType pattern = AclShimRules.PatternType(context.Arguments);
        if (pattern is AclPatternType.Any or AclPatternType.Match)
            throw new ShimUsageException($"A '--resource-pattern-type' value of '{AclShimText.Upper(pattern)}' is not valid when adding acls.");
        List<(AclFilter Resource, List<AclBinding> Rules)> wanted = AclShimRules.Rules(context.Arguments);
        if (wanted.Exists(w => w.Rules.Count == 0))
            throw new ShimUsageException("You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.");
        await context.ConnectAsync("describeAcls").ConfigureAwait(false);
        foreach ((AclFilter resource, List<AclBinding> rules) in wanted)
        {
            HashSet<AclBinding> there = [.. await context.Admin.Acls.DescribeAsync(resource, context.Cancel).ConfigureAwait(false)];
            string text = AclShimText.Of(resource);
            foreach (AclBinding rule in rules.Where(there.Contains))
                context.Out.WriteLine($"Acl (pattern={text}, entry={AclShimText.Entry(rule)}) already exists.");
            List<AclBinding> missing = [.. rules.Where(r => !there.Contains(r))];
            if (missing.Count == 0) continue;
            context.Out.WriteLine($"Adding ACLs for resource `{text}`: \n {AclShimText.Entries(missing)}\n");
            var results = await context.Admin.Acls.CreateAsync(missing, context.Controller, context.Cancel).ConfigureAwait(false);
            foreach (AclBinding rule in missing)
                if (results[rule] is { } error) throw new MoldauException(error);
        }
    }

    private static async Task RemoveAsync(ShimContext context)
    {
        List<(AclFilter Resource, List<AclBinding> Rules)> unwanted = AclShimRules.Rules(context.Arguments);
        await context.ConnectAsync("deleteAcls").ConfigureAwait(false);
        foreach ((AclFilter resource, List<AclBinding> rules) in unwanted)
        {
            string text = AclShimText.Of(resource);
            string question = rules.Count == 0
                ? $"Are you sure you want to delete all ACLs for resource filter `{text}`? (y/n)"
                : $"Are you sure you want to remove ACLs: \n {AclShimText.Entries(rules)}\n from resource filter `{text}`? (y/n)";
            if (!IsConfirmed(context, question)) continue;
            AclFilter[] filters = rules.Count == 0 ? [resource] : [.. rules.Select(AclFilter.Of)];
            foreach (Outcome<IReadOnlyList<AclDeletion>> outcome in
                await context.Admin.Acls.DeleteAsync(filters, context.Controller, context.Cancel).ConfigureAwait(false))
            {
                ClientError? error = outcome.Error ?? outcome.Value!.FirstOrDefault(d => d.Error is not null)?.Error;
                if (error is not null) throw new MoldauException(error);
            }
        }
    }

    /// <summary>The original asks a terminal and fails where there is none; this one reads the answer from wherever it comes.</summary>
    private static bool IsConfirmed(ShimContext context, string question)
    {
        if (context.Arguments.Has("force")) return true;
        context.Out.WriteLine(question);
        return string.Equals(Console.In.ReadLine(), "y", StringComparison.OrdinalIgnoreCase);
    }

    private static async Task ListAsync(ShimContext context)
    {
        IReadOnlyList<AclFilter> resources = AclShimRules.Resources(context.Arguments);
        List<string> principals = AclShimRules.Principals(context.Arguments, "principal");
        await context.ConnectAsync("describeAcls").ConfigureAwait(false);
        HashSet<AclBinding> rules = [];
        foreach (AclFilter resource in resources.Count > 0 ? resources : [new AclFilter()])
            rules.UnionWith(await context.Admin.Acls.DescribeAsync(resource, context.Cancel).ConfigureAwait(false));
        if (principals.Count == 0) Write(context, rules);
        foreach (string principal in principals)
        {
            context.Out.WriteLine($"ACLs for principal `{principal}`");
            Write(context, rules.Where(r => r.Principal == principal));
        }
    }

    private static void Write(ShimContext context, IEnumerable<AclBinding> rules)
    {
        var ordered = rules.OrderBy(r => r.ResourceType).ThenBy(r => r.ResourceName, StringComparer.Ordinal).ThenBy(r => r.PatternType)
            .ThenBy(r => r.Principal, StringComparer.Ordinal).ThenBy(r => r.Host, StringComparer.Ordinal).ThenBy(r => r.Operation)
            .ThenBy(r => r.Permission);
        foreach (var ofResource in ordered.GroupBy(r => AclShimText.Pattern(r.ResourceType, r.ResourceName, r.PatternType)))
            context.Out.WriteLine($"Current ACLs for resource `{ofResource.Key}`:\n{AclShimText.Entries(ofResource)}\n");
    }
}
