using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>Reads the rules as the standard authorizer does.</summary>
internal static class AclCheck
{
    private const string SuperUsers = "super.users";
    private const string EveryoneAllowed = "allow.everyone.if.no.acl.found";

    public static readonly Command Command = new("acl check", "--user NAME --topic NAME --op OP,…", "can somebody do something, and why", RunAsync)
    {
        MaxOperands = 0,
        Options = [.. AclOptions.Who, .. AclOptions.What, AclOptions.Operations, AclOptions.Host],
        Details = "By the rules and the brokers' settings, as Kafka's standard authorizer reads them. Exit code 7 where something is denied.",
        Example = "moldau acl check --user alice --topic orders --op write",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        List<AclBinding> questions = AclOptions.Bindings(context.Arguments, "acl check", AclPermission.Allow);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        var (superUsers, isEveryoneAllowed) = await SettingsAsync(context, admin).ConfigureAwait(false);
        CommandResult result = new(new("principal"), new("operation"), new("resource"), new("name"), new("answer"), new("why"));
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
            (bool isAllowed, string why) = Answer(question, rules, superUsers, isEveryoneAllowed);
            isAllAllowed &= isAllowed;
            result.Add(
                question.Principal, AclOptions.NameOf(question.Operation), AclOptions.NameOf(question.ResourceType), question.ResourceName,
                isAllowed ? "allowed" : "denied", why);
        }

        context.Show(result);
        return isAllAllowed ? ExitCodes.Ok : ExitCodes.CheckFailed;
    }

    private static (bool IsAllowed, string Why) Answer(
        AclBinding question, IReadOnlyList<AclBinding> rules, string[] superUsers, bool isEveryoneAllowed)
    {
        if (superUsers.Contains(question.Principal)) return (true, SuperUsers);
        AclBinding[] mine = [.. rules.Where(r => IsAbout(r, question))];
        if (mine.FirstOrDefault(r => r.Permission == AclPermission.Deny && r.Operation is var o && (o == question.Operation || o == AclOperation.All))
            is { } deny) return (false, Text(deny));
        if (mine.FirstOrDefault(r => r.Permission == AclPermission.Allow && Implies(r.Operation, question.Operation)) is { } allow)
            return (true, Text(allow));
        if (rules.Count > 0) return (false, "no rule allows it");
        return isEveryoneAllowed ? (true, $"no rule, and {EveryoneAllowed}") : (false, "no rule");
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

    /// <summary>What the brokers' files say; one broker stands for all.</summary>
    private static async Task<(string[] SuperUsers, bool IsEveryoneAllowed)> SettingsAsync(CommandContext context, AdminClient admin)
    {
        ClusterDescription cluster = await admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        string id = cluster.Brokers[0].Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        IReadOnlyList<ConfigValue> settings = await admin
            .DescribeConfigAsync(new ConfigResource(ConfigResourceKind.Broker, id), context.Cancel).ConfigureAwait(false);
        string? Setting(string name) => settings.FirstOrDefault(s => s.Name == name)?.Value;
        return ((Setting(SuperUsers) ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries), Setting(EveryoneAllowed) == "true");
    }
}
