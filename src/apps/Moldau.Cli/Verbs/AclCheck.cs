using System.Globalization;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>Reads the rules as the standard authorizer does.</summary>
internal static class AclCheck
{
    private const string SuperUsers = "super.users";
    private const string EveryoneAllowed = "allow.everyone.if.no.acl.found";

    private static readonly Column[] Columns =
    [
        new("principal"), new("operation"), new("resource"), new("name"), new("answer"), new("why"),
    ];

    public static readonly Command Command = new("acl check", "--user NAME --topic NAME --op OP,…", "can somebody do something, and why", RunAsync)
    {
        Columns = Columns,
        MaxOperands = 0,
        Options = [.. AclOptions.Who, .. AclOptions.What, AclOptions.Operations, AclOptions.Host],
        Details = "As Kafka's standard authorizer reads the rules. Apache Kafka's brokers do not tell super.users and\n"
            + "allow.everyone.if.no.acl.found: where it depends on them the answer is unknown. Exit code 7 unless all is allowed.",
        Example = "moldau acl check --user alice --topic orders --op write",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        List<AclBinding> questions = AclOptions.Bindings(context.Arguments, "acl check", AclPermission.Allow);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        var (superUsers, isEveryoneAllowed) = await SettingsAsync(context, admin).ConfigureAwait(false);
        CommandResult result = new(Columns);
        bool isAllAllowed = true;
        foreach (AclBinding question in questions)
        {
            IReadOnlyList<AclBinding> rules = await admin.Acls.DescribeAsync(
                new AclFilter
                {
                    ResourceType = question.ResourceType,
                    ResourceName = question.ResourceName,
                    PatternType = AclPatternType.Match,
                },
                context.Cancel).ConfigureAwait(false);
            (bool? isAllowed, string why) = Answer(question, rules, superUsers, isEveryoneAllowed);
            isAllAllowed &= isAllowed == true;
            result.Add(
                question.Principal, AclOptions.NameOf(question.Operation), AclOptions.NameOf(question.ResourceType), question.ResourceName,
                isAllowed switch { true => "allowed", false => "denied", null => "unknown" }, why);
        }

        context.Show(result);
        return isAllAllowed ? ExitCodes.Ok : ExitCodes.CheckFailed;
    }

    /// <summary>Null where it depends on what the brokers do not tell.</summary>
    private static (bool? IsAllowed, string Why) Answer(
        AclBinding question, IReadOnlyList<AclBinding> rules, string[]? superUsers, bool? isEveryoneAllowed)
    {
        if (superUsers?.Contains(question.Principal) == true) return (true, SuperUsers);
        string unlessSuper = superUsers is null ? $", unless {SuperUsers} names the user" : "";
        AclBinding[] mine = [.. AclOptions.Ordered(rules.Where(r => IsAbout(r, question)))];
        AclBinding? deny = mine.FirstOrDefault(r => r.Permission == AclPermission.Deny
            && (r.Operation == question.Operation || r.Operation == AclOperation.All));
        if (deny is not null) return (false, Text(deny) + unlessSuper);
        AclBinding? allow = mine.FirstOrDefault(r => r.Permission == AclPermission.Allow && Implies(r.Operation, question.Operation));
        if (allow is not null) return (true, Text(allow));
        if (rules.Count > 0) return (false, "no rule allows it" + unlessSuper);
        return isEveryoneAllowed switch
        {
            true => (true, $"no rule, and {EveryoneAllowed}"),
            false => (false, "no rule" + unlessSuper),
            null => (null, $"no rule: it depends on {EveryoneAllowed}"),
        };
    }

    /// <summary>Whether a rule of the resource speaks of who asks, and from where.</summary>
    private static bool IsAbout(AclBinding rule, AclBinding question) =>
        (rule.Principal == question.Principal || rule.Principal == "User:*")
        && (rule.Host == "*" || rule.Host == question.Host);

    /// <summary>Who may read, write, delete or alter a thing may describe it too; who may alter its configuration may see
    /// it.</summary>
    private static bool Implies(AclOperation granted, AclOperation asked) => granted == asked || granted == AclOperation.All || asked switch
    {
        AclOperation.Describe => granted is AclOperation.Read or AclOperation.Write or AclOperation.Delete or AclOperation.Alter,
        AclOperation.DescribeConfigs => granted == AclOperation.AlterConfigs,
        _ => false,
    };

    private static string Text(AclBinding rule)
    {
        string name = rule.PatternType == AclPatternType.Prefixed ? rule.ResourceName + "…" : rule.ResourceName;
        string text = $"{AclOptions.NameOf(rule.Permission)} {rule.Principal} {AclOptions.NameOf(rule.Operation)} on {name}";
        return rule.Host == "*" ? text : $"{text} from {rule.Host}";
    }

    /// <summary>What the brokers' files say, null for what they do not tell; one broker stands for all.</summary>
    private static async Task<(string[]? SuperUsers, bool? IsEveryoneAllowed)> SettingsAsync(CommandContext context, AdminClient admin)
    {
        ClusterDescription cluster = await admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        string id = cluster.Brokers[0].Id.ToString(CultureInfo.InvariantCulture);
        IReadOnlyList<ConfigValue> settings = await admin
            .DescribeConfigAsync(new ConfigResource(ConfigResourceKind.Broker, id), context.Cancel).ConfigureAwait(false);
        return (
            Setting(SuperUsers)?.Split(';', StringSplitOptions.RemoveEmptyEntries),
            Setting(EveryoneAllowed) is { } text ? text == "true" : null);

        string? Setting(string name) => settings.FirstOrDefault(s => s.Name == name)?.Value;
    }
}
