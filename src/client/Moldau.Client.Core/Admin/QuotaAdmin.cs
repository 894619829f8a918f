using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>The name of one part of a quota's entity.</summary>
/// <param name="Value">Null for the default: everybody who has no quota of their own.</param>
public readonly record struct QuotaName(string? Value)
{
    /// <summary>Everybody without a quota of their own.</summary>
    public static QuotaName Default => default;

    /// <inheritdoc/>
    public override string ToString() => Value ?? "(default)";
}

/// <summary>Whom a quota holds for: a user, a client id, both, or an address. What is null has no part in it.</summary>
public sealed record QuotaEntity(QuotaName? User = null, QuotaName? ClientId = null, QuotaName? Ip = null)
{
    /// <inheritdoc/>
    public override string ToString() => string.Join(" ", QuotaAdmin.Parts(this).Select(p => $"{p.Type}={p.Name}"));
}

/// <summary>Which names of a part are meant.</summary>
public readonly record struct QuotaMatch
{
    private QuotaMatch(sbyte kind, string? name) => (Kind, Name) = (kind, name);

    /// <summary>The default's quota.</summary>
    public static QuotaMatch Default => new(1, null);

    /// <summary>Each name, and the default.</summary>
    public static QuotaMatch Any => new(2, null);

    internal sbyte Kind { get; }

    internal string? Name { get; }

    /// <summary>This name alone.</summary>
    public static QuotaMatch Of(string name) => new(0, name);
}

/// <summary>Which quotas are meant: each named part must be there and fit.</summary>
public sealed record QuotaFilter
{
    /// <summary>Null where the user does not matter.</summary>
    public QuotaMatch? User { get; init; }

    /// <summary>Null where the client id does not matter.</summary>
    public QuotaMatch? ClientId { get; init; }

    /// <summary>Null where the address does not matter.</summary>
    public QuotaMatch? Ip { get; init; }

    /// <summary>Only entities without further parts.</summary>
    public bool IsStrict { get; init; }
}

/// <summary>The quotas of an entity.</summary>
/// <param name="Entity">Whom they hold for.</param>
/// <param name="Values">By Kafka's names: <c>producer_byte_rate</c> and <c>consumer_byte_rate</c> in bytes a second,
/// <c>request_percentage</c>, <c>controller_mutation_rate</c>, <c>connection_creation_rate</c>.</param>
public sealed record ClientQuota(QuotaEntity Entity, IReadOnlyDictionary<string, double> Values);

/// <summary>A change of an entity's quotas.</summary>
/// <param name="Entity">Whom they hold for.</param>
/// <param name="Values">The new values by their names; null takes one away.</param>
public sealed record QuotaAlteration(QuotaEntity Entity, IReadOnlyDictionary<string, double?> Values);

/// <summary>Quotas of clients (KIP-546).</summary>
internal static class QuotaAdmin
{
    private const string User = "user";
    private const string ClientId = "client-id";
    private const string Ip = "ip";

    public static ClientOperation<IReadOnlyList<ClientQuota>> Describe(ClientMachine machine, ClientTurn turn, QuotaFilter filter) =>
        AdminCalls.Start<DescribeClientQuotasRequest, DescribeClientQuotasResponse, IReadOnlyList<ClientQuota>>(
            machine, turn, CallTarget.Any,
            _ => new DescribeClientQuotasRequest
            {
                Components = [.. Components(filter).Select(c => new DescribeClientQuotasRequest.ComponentData
                {
                    EntityType = c.Type,
                    MatchType = c.Match.Kind,
                    Match = c.Match.Name,
                })],
                Strict = filter.IsStrict,
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, answer.ErrorMessage, "quotas cannot be described", operation, now)
                ?? AdminCalls.Done(operation, [.. (answer.Entries ?? []).Select(e => new ClientQuota(
                    Entity(e.Entity.Select(p => (p.EntityType, p.EntityName))),
                    e.Values.ByKey(v => v.Key, v => v.Value, StringComparer.Ordinal)))], now));

    /// <summary>Each entity with null, or with why its quotas were not changed.</summary>
    public static ClientOperation<IReadOnlyDictionary<QuotaEntity, ClientError?>> Alter(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<QuotaAlteration> alterations, bool validateOnly) =>
        AdminCalls.Start<AlterClientQuotasRequest, AlterClientQuotasResponse, IReadOnlyDictionary<QuotaEntity, ClientError?>>(
            machine, turn, CallTarget.Controller,
            _ => new AlterClientQuotasRequest
            {
                Entries = [.. alterations.Select(a => new AlterClientQuotasRequest.EntryData
                {
                    Entity = [.. Parts(a.Entity).Select(p => new AlterClientQuotasRequest.EntityData
                    {
                        EntityType = p.Type,
                        EntityName = p.Name.Value,
                    })],
                    Ops = [.. a.Values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => new AlterClientQuotasRequest.OpData
                    {
                        Key = v.Key,
                        Value = v.Value ?? 0,
                        Remove = v.Value is null,
                    })],
                })],
                ValidateOnly = validateOnly,
            },
            (answer, operation, now) =>
            {
                if (answer.Entries.Any(e => ErrorCodes.FromWire(e.ErrorCode) == ErrorCode.NotController)) return CallOutcome.RetryElsewhere;
                Dictionary<QuotaEntity, ClientError?> results = [];
                foreach (AlterClientQuotasResponse.EntryData entry in answer.Entries)
                {
                    QuotaEntity entity = Entity(entry.Entity.Select(p => (p.EntityType, p.EntityName)));
                    results[entity] = AdminCalls.Error(entry.ErrorCode, entry.ErrorMessage, $"the quotas of {entity} were not changed");
                }

                return AdminCalls.Done(operation, results, now);
            });

    internal static IEnumerable<(string Type, QuotaName Name)> Parts(QuotaEntity entity)
    {
        if (entity.User is { } user) yield return (User, user);
        if (entity.ClientId is { } clientId) yield return (ClientId, clientId);
        if (entity.Ip is { } ip) yield return (Ip, ip);
    }

    private static IEnumerable<(string Type, QuotaMatch Match)> Components(QuotaFilter filter)
    {
        if (filter.User is { } user) yield return (User, user);
        if (filter.ClientId is { } clientId) yield return (ClientId, clientId);
        if (filter.Ip is { } ip) yield return (Ip, ip);
    }

    private static QuotaEntity Entity(IEnumerable<(string Type, string? Name)> parts)
    {
        QuotaEntity entity = new();
        foreach ((string type, string? name) in parts)
        {
            entity = type switch
            {
                User => entity with { User = new QuotaName(name) },
                ClientId => entity with { ClientId = new QuotaName(name) },
                Ip => entity with { Ip = new QuotaName(name) },
                _ => entity,
            };
        }

        return entity;
    }
}
