using System.Globalization;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-configs.sh</c> for users, clients and addresses: their quotas, and the passwords of users.</summary>
internal static class ConfigsShimClients
{
    private const string Users = ConfigsShimEntities.Users;
    private const string Clients = ConfigsShimEntities.Clients;
    private const string Ips = ConfigsShimEntities.Ips;

    /// <summary>The values of users and clients.</summary>
    private static readonly string[] ClientQuotas =
    [
        "consumer_byte_rate", "controller_mutation_rate", "producer_byte_rate", "request_percentage",
    ];

    private static readonly (string Name, ScramMechanism Mechanism)[] Mechanisms =
        [("SCRAM-SHA-256", ScramMechanism.Sha256), ("SCRAM-SHA-512", ScramMechanism.Sha512)];

    public static async Task DescribeAsync(ShimContext context, IReadOnlyList<(string Type, string? Name)> entities)
    {
        if (context.IsAtController) throw ConfigsShim.NotForControllers;
        QuotaFilter filter = new() { IsStrict = true };
        foreach ((string type, string? name) in entities)
        {
            QuotaMatch match = name switch
            {
                null => QuotaMatch.Any,
                "" => QuotaMatch.Default,
                _ => QuotaMatch.Of(name),
            };
            filter = type switch
            {
                Users => filter with { User = match },
                Clients => filter with { ClientId = match },
                _ => filter with { Ip = match },
            };
        }

        foreach (ClientQuota quota in await context.Admin.Quotas.DescribeAsync(filter, context.Cancel).ConfigureAwait(false))
        {
            IEnumerable<string> values = quota.Values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={JavaNumbers.Text(v.Value)}");
            context.Out.WriteLine($"Quota configs for {Text(quota.Entity)} are {string.Join(", ", values)}");
        }

        if (entities is not [(Users, var user)] || user is "") return;
        var described = await context.Admin.Users.DescribeAsync(user is null ? null : [user], context.Cancel).ConfigureAwait(false);
        foreach ((string one, Outcome<IReadOnlyList<ScramCredential>> outcome) in described)
        {
            if (outcome.Error is { Code: ErrorCode.ResourceNotFound }) continue;
            if (outcome.Error is { } error) throw new MoldauException(error);
            IEnumerable<string> credentials = outcome.Value!.Select(c => $"{NameOf(c.Mechanism)}=iterations={c.Iterations}");
            context.Out.WriteLine($"SCRAM credential configs for user-principal '{one}' are {string.Join(", ", credentials)}");
        }
    }

    public static async Task AlterAsync(
        ShimContext context,
        IReadOnlyList<(string Type, string? Name)> entities,
        Dictionary<string, string> add,
        IReadOnlyList<string> delete)
    {
        (string type, string? name) = entities[0];
        bool isUser = entities is [(Users, _)];
        CheckNames(isUser ? Users : type is Ips ? Ips : Clients, add.Keys, "added");
        CheckNames(isUser ? Users : type is Ips ? Ips : Clients, delete, "deleted");
        string[] changed = [.. add.Keys, .. delete];
        if (isUser && changed.Any(IsScram))
        {
            if (name is "")
                throw new ShimUsageException("The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.");
            if (!changed.All(IsScram))
                throw new ShimUsageException("Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.");
            if (context.IsAtController) throw ConfigsShim.NotForControllers;
            await AlterPasswordsAsync(context, name!, add, delete).ConfigureAwait(false);
        }
        else
        {
            await AlterQuotasAsync(context, entities, add, delete).ConfigureAwait(false);
        }

        context.Out.WriteLine(name!.Length == 0
            ? $"Completed updating default config for {type} in the cluster."
            : $"Completed updating config for {type[..^1]} {name}.");
    }

    private static void CheckNames(string type, IEnumerable<string> names, string what)
    {
        string[] unknown = [.. names.Where(n => type == Ips
            ? n != "connection_creation_rate"
            : !ClientQuotas.Contains(n) && !(type == Users && IsScram(n)))];
        if (unknown.Length == 0) return;
        string allowed = type switch
        {
            Users => "quota and SCRAM credential configs",
            Ips => "connection quota configs",
            _ => "quota configs",
        };
        throw new ShimUsageException(
            $"Only {allowed} can be {what} for '{type}' using --bootstrap-server. Unexpected config names: Set({string.Join(", ", unknown)})");
    }

    private static async Task AlterQuotasAsync(
        ShimContext context,
        IReadOnlyList<(string Type, string? Name)> entities,
        Dictionary<string, string> add,
        IReadOnlyList<string> delete)
    {
        QuotaEntity entity = new();
        QuotaFilter filter = new() { IsStrict = true };
        foreach ((string type, string? name) in entities)
        {
            QuotaName part = new(name is "" ? null : name);
            QuotaMatch match = name is "" ? QuotaMatch.Default : QuotaMatch.Of(name!);
            (entity, filter) = type switch
            {
                Users => (entity with { User = part }, filter with { User = match }),
                Clients => (entity with { ClientId = part }, filter with { ClientId = match }),
                _ => (entity with { Ip = part }, filter with { Ip = match }),
            };
        }

        if (context.IsAtController) throw ConfigsShim.NotForControllers;
        var now = await context.Admin.Quotas.DescribeAsync(filter, context.Cancel).ConfigureAwait(false);
        string[] missing = [.. delete.Where(d => !now.Any(q => q.Values.ContainsKey(d)))];
        if (missing.Length > 0) throw new ShimUsageException($"Invalid config(s): {string.Join(",", missing)}");
        Dictionary<string, double?> values = new(StringComparer.Ordinal);
        foreach ((string key, string text) in add)
        {
            values[key] = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                ? value
                : throw new ShimUsageException($"Cannot parse quota configuration value for {key}: {text}");
        }

        foreach (string key in delete) values[key] = null;
        var results = await context.Admin.Quotas.AlterAsync([new QuotaAlteration(entity, values)], cancel: context.Cancel)
            .ConfigureAwait(false);
        foreach (ClientError? error in results.Values)
            if (error is not null) throw new MoldauException(error);
    }

    private static async Task AlterPasswordsAsync(
        ShimContext context, string user, Dictionary<string, string> add, IReadOnlyList<string> delete)
    {
        var results = await context.Admin.Users.AlterAsync(
            [.. add.Select(a => Password(user, a.Key, a.Value))],
            [.. delete.Select(d => new ScramDeletion(user, MechanismOf(d)))],
            context.Cancel).ConfigureAwait(false);
        foreach (ClientError? error in results.Values)
            if (error is not null) throw new MoldauException(error);
    }

    /// <summary><c>[iterations=8192,password=secret]</c>, where the iterations may be left out.</summary>
    private static ScramPassword Password(string user, string mechanism, string text)
    {
        string inner = text.StartsWith('[') && text.EndsWith(']') ? text[1..^1] : text;
        int iterations = 4096;
        const string Iterations = "iterations=";
        if (inner.StartsWith(Iterations, StringComparison.Ordinal))
        {
            int comma = inner.IndexOf(',');
            string number = inner[Iterations.Length..(comma < 0 ? inner.Length : comma)];
            if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out iterations) || iterations < 1) throw Wrong(text);
            inner = comma < 0 ? "" : inner[(comma + 1)..];
        }

        const string PasswordKey = "password=";
        if (!inner.StartsWith(PasswordKey, StringComparison.Ordinal)) throw Wrong(text);
        return new ScramPassword(user, MechanismOf(mechanism), inner[PasswordKey.Length..]) { Iterations = iterations };
    }

    private static ShimUsageException Wrong(string text) =>
        new($"Invalid credential property {text}, it must be of the form [iterations=8192,password=secret]");

    private static bool IsScram(string name) => Mechanisms.Any(m => m.Name == name);

    private static ScramMechanism MechanismOf(string name) => Mechanisms.First(m => m.Name == name).Mechanism;

    private static string NameOf(ScramMechanism mechanism) => Mechanisms.FirstOrDefault(m => m.Mechanism == mechanism).Name ?? "UNKNOWN";

    private static string Text(QuotaEntity entity)
    {
        List<string> parts = [];
        Add("user-principal", entity.User);
        Add("client-id", entity.ClientId);
        Add("ip", entity.Ip);
        return string.Join(", ", parts);

        void Add(string type, QuotaName? name)
        {
            if (name is { } part) parts.Add(part.Value is { } value ? $"{type} '{value}'" : $"the default {type}");
        }
    }
}
