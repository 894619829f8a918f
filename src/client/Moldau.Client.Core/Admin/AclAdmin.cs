using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>What an access rule is about.</summary>
public enum AclResourceType : sbyte
{
    /// <summary>One that this client does not know.</summary>
    Unknown = 0,

    /// <summary>In filters: each.</summary>
    Any = 1,

    /// <summary>A topic.</summary>
    Topic = 2,

    /// <summary>A group of any type.</summary>
    Group = 3,

    /// <summary>Its only name is <c>kafka-cluster</c>.</summary>
    Cluster = 4,

    /// <summary>A transactional id.</summary>
    TransactionalId = 5,

    /// <summary>A delegation token.</summary>
    DelegationToken = 6,

    /// <summary>A user whose delegation tokens are made or described (KIP-373).</summary>
    User = 7,
}

/// <summary>How the resource's name is read (KIP-290).</summary>
public enum AclPatternType : sbyte
{
    /// <summary>One that this client does not know.</summary>
    Unknown = 0,

    /// <summary>In filters: each.</summary>
    Any = 1,

    /// <summary>In filters: everything that concerns a resource of this name, be it by prefix or by <c>*</c>.</summary>
    Match = 2,

    /// <summary>The name itself, or <c>*</c> for all.</summary>
    Literal = 3,

    /// <summary>All names that begin so (KIP-290).</summary>
    Prefixed = 4,
}

/// <summary>What is allowed or denied.</summary>
public enum AclOperation : sbyte
{
    /// <summary>One that this client does not know.</summary>
    Unknown = 0,

    /// <summary>In filters: each.</summary>
    Any = 1,

    /// <summary>Everything.</summary>
    All = 2,

    /// <summary>To read from it.</summary>
    Read = 3,

    /// <summary>To write to it.</summary>
    Write = 4,

    /// <summary>To make it.</summary>
    Create = 5,

    /// <summary>To delete it.</summary>
    Delete = 6,

    /// <summary>To change it.</summary>
    Alter = 7,

    /// <summary>To see it.</summary>
    Describe = 8,

    /// <summary>What brokers do among themselves.</summary>
    ClusterAction = 9,

    /// <summary>To see its configuration.</summary>
    DescribeConfigs = 10,

    /// <summary>To change its configuration.</summary>
    AlterConfigs = 11,

    /// <summary>To write with a producer id.</summary>
    IdempotentWrite = 12,

    /// <summary>To make another user's delegation tokens.</summary>
    CreateTokens = 13,

    /// <summary>To see another user's delegation tokens.</summary>
    DescribeTokens = 14,

    /// <summary>To prepare transactions (KIP-939).</summary>
    TwoPhaseCommit = 15,
}

/// <summary>Which way a rule decides.</summary>
public enum AclPermission : sbyte
{
    /// <summary>One that this client does not know.</summary>
    Unknown = 0,

    /// <summary>In filters: each.</summary>
    Any = 1,

    /// <summary>Forbids, whatever else allows.</summary>
    Deny = 2,

    /// <summary>Allows.</summary>
    Allow = 3,
}

/// <summary>An access rule.</summary>
/// <param name="ResourceType">What it is about.</param>
/// <param name="ResourceName">Its name, or <c>*</c> for each.</param>
/// <param name="PatternType">How the name is read.</param>
/// <param name="Principal">Such as <c>User:alice</c>, or <c>User:*</c> for everybody.</param>
/// <param name="Host">An address, or <c>*</c> for each.</param>
/// <param name="Operation">What is allowed or denied.</param>
/// <param name="Permission">Which of the two.</param>
public sealed record AclBinding(
    AclResourceType ResourceType,
    string ResourceName,
    AclPatternType PatternType,
    string Principal,
    string Host,
    AclOperation Operation,
    AclPermission Permission);

/// <summary>Which access rules are meant; null and <c>Any</c> stand for each.</summary>
public sealed record AclFilter
{
    /// <summary><see cref="AclResourceType.Any"/> for all.</summary>
    public AclResourceType ResourceType { get; init; } = AclResourceType.Any;

    /// <summary>Null for any name.</summary>
    public string? ResourceName { get; init; }

    /// <summary>How <see cref="ResourceName"/> is compared.</summary>
    public AclPatternType PatternType { get; init; } = AclPatternType.Any;

    /// <summary>Null for any principal.</summary>
    public string? Principal { get; init; }

    /// <summary>Null for any host.</summary>
    public string? Host { get; init; }

    /// <summary><see cref="AclOperation.Any"/> for all.</summary>
    public AclOperation Operation { get; init; } = AclOperation.Any;

    /// <summary><see cref="AclPermission.Any"/> for both.</summary>
    public AclPermission Permission { get; init; } = AclPermission.Any;

    /// <summary>Just this rule.</summary>
    public static AclFilter Of(AclBinding binding)
    {
        return new AclFilter
        {
            ResourceType = binding.ResourceType,
            ResourceName = binding.ResourceName,
            PatternType = binding.PatternType,
            Principal = binding.Principal,
            Host = binding.Host,
            Operation = binding.Operation,
            Permission = binding.Permission,
        };
    }
}

/// <summary>A rule that a filter met.</summary>
/// <param name="Binding">The rule.</param>
/// <param name="Error">Why it is still there; null where it was deleted.</param>
public sealed record AclDeletion(AclBinding Binding, ClientError? Error);

/// <summary>The sets of operations that descriptions tell of (KIP-430): a bit for each.</summary>
internal static class AclOperations
{
    /// <summary>Null where it was not asked for, or the broker does not tell.</summary>
    public static IReadOnlyList<AclOperation>? Of(int bits) => bits == int.MinValue
        ? null
        : [.. Enum.GetValues<AclOperation>().Where(o => o > AclOperation.Any && (bits & (1 << (int)o)) != 0)];
}

/// <summary>Access rules.</summary>
internal static class AclAdmin
{
    /// <summary>Older versions do not know the resource <see cref="AclResourceType.User"/>.</summary>
    private const short FirstUserVersion = 3;

    public static ClientOperation<IReadOnlyList<AclBinding>> Describe(ClientMachine machine, ClientTurn turn, AclFilter filter) =>
        AdminCalls.Start<DescribeAclsRequest, DescribeAclsResponse, IReadOnlyList<AclBinding>>(
            machine, turn, CallTarget.Any,
            _ => new DescribeAclsRequest
            {
                ResourceTypeFilter = (sbyte)filter.ResourceType,
                ResourceNameFilter = filter.ResourceName,
                PatternTypeFilter = (sbyte)filter.PatternType,
                PrincipalFilter = filter.Principal,
                HostFilter = filter.Host,
                Operation = (sbyte)filter.Operation,
                PermissionType = (sbyte)filter.Permission,
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, answer.ErrorMessage, "access rules cannot be described", operation, now)
                ?? AdminCalls.Done(operation, [.. answer.Resources.SelectMany(r => r.Acls.Select(a => new AclBinding(
                    (AclResourceType)r.ResourceType, r.ResourceName, (AclPatternType)r.PatternType, a.Principal, a.Host,
                    (AclOperation)a.Operation, (AclPermission)a.PermissionType)))], now),
            from: Version(filter.ResourceType));

    /// <summary>Each rule with null, or with why it was not made. One that is there already is made again.</summary>
    public static ClientOperation<IReadOnlyDictionary<AclBinding, ClientError?>> Create(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<AclBinding> bindings, CallTarget target) =>
        AdminCalls.Start<CreateAclsRequest, CreateAclsResponse, IReadOnlyDictionary<AclBinding, ClientError?>>(
            machine, turn, target,
            _ => new CreateAclsRequest
            {
                Creations = [.. bindings.Select(b => new CreateAclsRequest.AclCreation
                {
                    ResourceType = (sbyte)b.ResourceType,
                    ResourceName = b.ResourceName,
                    ResourcePatternType = (sbyte)b.PatternType,
                    Principal = b.Principal,
                    Host = b.Host,
                    Operation = (sbyte)b.Operation,
                    PermissionType = (sbyte)b.Permission,
                })],
            },
            (answer, operation, now) =>
            {
                if (answer.Results.Any(r => ErrorCodes.FromWire(r.ErrorCode) == ErrorCode.NotController)) return CallOutcome.RetryElsewhere;
                Dictionary<AclBinding, ClientError?> results = [];
                foreach ((AclBinding binding, CreateAclsResponse.AclCreationResult result) in bindings.Zip(answer.Results))
                    results[binding] = AdminCalls.Error(result.ErrorCode, result.ErrorMessage, "the access rule was not made");
                return AdminCalls.Done(operation, results, now);
            },
            from: bindings.Select(b => Version(b.ResourceType)).DefaultIfEmpty().Max());

    /// <summary>For each filter, in their order, the rules that it met.</summary>
    public static ClientOperation<IReadOnlyList<Outcome<IReadOnlyList<AclDeletion>>>> Delete(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<AclFilter> filters, CallTarget target) =>
        AdminCalls.Start<DeleteAclsRequest, DeleteAclsResponse, IReadOnlyList<Outcome<IReadOnlyList<AclDeletion>>>>(
            machine, turn, target,
            _ => new DeleteAclsRequest
            {
                Filters = [.. filters.Select(f => new DeleteAclsRequest.DeleteAclsFilter
                {
                    ResourceTypeFilter = (sbyte)f.ResourceType,
                    ResourceNameFilter = f.ResourceName,
                    PatternTypeFilter = (sbyte)f.PatternType,
                    PrincipalFilter = f.Principal,
                    HostFilter = f.Host,
                    Operation = (sbyte)f.Operation,
                    PermissionType = (sbyte)f.Permission,
                })],
            },
            (answer, operation, now) =>
                answer.FilterResults.Any(r => ErrorCodes.FromWire(r.ErrorCode) == ErrorCode.NotController)
                    ? CallOutcome.RetryElsewhere
                    : AdminCalls.Done(operation, [.. answer.FilterResults.Select(Deleted)], now),
            from: filters.Select(f => Version(f.ResourceType)).DefaultIfEmpty().Max());

    private static Outcome<IReadOnlyList<AclDeletion>> Deleted(DeleteAclsResponse.DeleteAclsFilterResult result) =>
        AdminCalls.Error(result.ErrorCode, result.ErrorMessage, "access rules were not deleted") is { } error
            ? Outcome<IReadOnlyList<AclDeletion>>.Failed(error)
            : Outcome<IReadOnlyList<AclDeletion>>.Of([.. result.MatchingAcls.Select(a => new AclDeletion(
                new AclBinding(
                    (AclResourceType)a.ResourceType, a.ResourceName, (AclPatternType)a.PatternType, a.Principal, a.Host,
                    (AclOperation)a.Operation, (AclPermission)a.PermissionType),
                AdminCalls.Error(a.ErrorCode, a.ErrorMessage, "the access rule was not deleted")))]);

    private static short Version(AclResourceType type) => type == AclResourceType.User ? FirstUserVersion : (short)0;
}
