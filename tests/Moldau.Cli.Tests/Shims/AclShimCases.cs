namespace Moldau.Cli.Tests.Shims;

/// <summary>Calls of <c>kafka-acls</c>, in the order in which they are made.</summary>
internal static class AclShimCases
{
    /// <summary>What our own node says as long as it has no access rules.</summary>
    private const string NoRules = "has no version";

    private const string Anna = "--allow-principal User:anna";

    /// <summary>Each with at most one rule for a resource, and one resource: their order is no matter.</summary>
    private static readonly string[] Lines =
    [
        "list-nothing: acls B --list",
        $"add: acls B --add {Anna} --operation Read --topic orders",
        $"add-again: acls B --add {Anna} --operation Read --topic orders",
        "list: acls B --list",
        $"add-prefixed: acls B --add {Anna} --allow-host 10.0.0.1 --operation WRITE --topic ord --resource-pattern-type prefixed",
        "add-all: acls B --add --deny-principal User:bob --group shop",
        "add-deny-host: acls B --add --deny-principal User:bob --deny-host 10.0.0.9 --operation describe --group shop2",
        "add-cluster: acls B --add --allow-principal User:* --operation IdempotentWrite --cluster",
        "add-cluster-prefixed: acls B --add --allow-principal User:* --operation IdempotentWrite --cluster --resource-pattern-type prefixed",
        $"add-transactional: acls B --add {Anna} --operation Write --transactional-id tx-1",
        $"add-two-phase: acls B --add {Anna} --operation TwoPhaseCommit --transactional-id tx-2",
        $"add-token: acls B --add {Anna} --operation Describe --delegation-token token-1",
        $"add-user: acls B --add {Anna} --operation CreateTokens --user-principal User:carl",
        $"add-any-topic: acls B --add {Anna} --operation Describe --topic *",
        $"add-controller: acls C --add {Anna} --operation Alter --topic of-controller",
        "list-topic: acls B --list --topic orders",
        "list-group: acls B --list --group shop",
        "list-cluster: acls B --list --cluster",
        "list-transactional: acls B --list --transactional-id tx-1",
        "list-token: acls B --list --delegation-token token-1",
        "list-user: acls B --list --user-principal User:carl",
        "list-prefixed: acls B --list --topic ord --resource-pattern-type PREFIXED",
        "list-prefixed-not: acls B --list --topic orders --resource-pattern-type prefixed",
        "list-any: acls B --list --topic ord --resource-pattern-type any",
        "list-missing: acls B --list --topic nowhere",
        "list-controller: acls C --list --topic of-controller",
        "list-principal: acls B --list --topic orders --principal User:anna",
        "list-principal-other: acls B --list --topic orders --principal User:bob",
        "list-principal-empty: acls B --list --topic orders --principal",
        "list-operation: acls B --list --topic orders --operation Bogus",
        "remove-not: acls B --remove --force --topic nowhere",
        $"remove-one: acls B --remove --force {Anna} --operation Read --topic orders",
        "list-removed: acls B --list --topic orders",
        "remove-all: acls B --remove --force --group shop",
        "list-removed-all: acls B --list --group shop",
        "remove-prefixed: acls B --remove --force --topic ord --resource-pattern-type prefixed",
        "list-removed-prefixed: acls B --list --topic ord --resource-pattern-type prefixed",
        "remove-match: acls B --remove --force --topic anything --resource-pattern-type match",
        "list-removed-match: acls B --list --topic * --resource-pattern-type literal",
        "remove-controller: acls C --remove --force --topic of-controller",
        "list-removed-controller: acls C --list --topic of-controller",
        "config-missing: acls B --list --command-config SCRATCH/nowhere.properties",
        "config: acls B --list --topic orders --command-config SCRATCH/client.properties",
    ];

    /// <summary>The original keeps rules in hash sets: their order is chance.</summary>
    private static readonly string[] OfSets =
    [
        $"add-several: acls B --add {Anna} --allow-principal User:bob --allow-host 10.0.0.1 --allow-host 10.0.0.2 --operation Read --operation Alter --topic several",
        $"add-both: acls B --add {Anna} --deny-principal User:bob --operation Read --topic both",
        $"add-part: acls B --add {Anna} --operation Read --operation Write --topic both",
        $"add-resources: acls B --add {Anna} --operation Describe --topic r1 --topic r2 --group r3 --transactional-id r4",
        $"producer: acls B --add {Anna} --producer --topic made",
        $"producer-transactional: acls B --add {Anna} --producer --topic made2 --transactional-id made-tx",
        $"producer-idempotent: acls B --add {Anna} --producer --idempotent --topic made3",
        $"producer-idempotent-prefixed: acls B --add --allow-principal User:dora --producer --idempotent --topic made4 --resource-pattern-type prefixed",
        $"producer-cluster: acls B --add {Anna} --producer --cluster --topic made5",
        $"consumer: acls B --add {Anna} --consumer --topic read --group readers",
        $"consumer-prefixed: acls B --add {Anna} --consumer --topic rea --group rea --resource-pattern-type PREFIXED",
        $"both-roles: acls B --add {Anna} --producer --consumer --topic through --group through",
        "list-several: acls B --list",
        "list-several-topics: acls B --list --topic r1 --topic r2 --group r3",
        "list-match: acls B --list --topic read --resource-pattern-type match",
        "list-principals: acls B --list --principal User:anna --principal User:bob --topic several --topic r1",
        $"remove-some: acls B --remove --force {Anna} --operation Read --operation Alter --topic several",
        "remove-resources: acls B --remove --force --topic r1 --group r3",
        $"remove-producer: acls B --remove --force {Anna} --producer --topic made",
        $"remove-consumer: acls B --remove --force {Anna} --consumer --topic read --group readers",
        "list-left: acls B --list",
        $"wrong-operation-topic: acls B --add {Anna} --operation IdempotentWrite --topic orders",
        $"wrong-operation-group: acls B --add {Anna} --operation Write --group shop",
        $"wrong-operation-cluster: acls B --add {Anna} --operation Read --cluster",
        $"wrong-operation-transactional: acls B --add {Anna} --operation Read --transactional-id tx",
        $"wrong-operation-token: acls B --add {Anna} --operation Read --delegation-token t",
        $"wrong-operation-user: acls B --add {Anna} --operation Read --user-principal User:carl",
        $"wrong-operation-name: acls B --add {Anna} --operation Bogus --topic orders",
    ];

    /// <summary>Wrong command lines.</summary>
    private static readonly string[] Wrong =
    [
        "no-address: acls --list",
        "two-addresses: acls B C --list",
        "no-action: acls B",
        "two-actions: acls B --add --list --topic orders",
        "unknown-option: acls B --lst",
        "no-value: acls B --list --topic",
        "add-no-resource: acls B --add --allow-principal User:anna",
        "add-no-principal: acls B --add --topic orders",
        "add-host-only: acls B --add --topic orders --allow-host 10.0.0.1",
        $"add-match: acls B --add {Anna} --topic orders --resource-pattern-type match",
        $"add-any: acls B --add {Anna} --topic orders --resource-pattern-type any",
        $"odd-pattern: acls B --add {Anna} --topic orders --resource-pattern-type wild",
        $"unknown-pattern: acls B --add {Anna} --topic orders --resource-pattern-type unknown",
        "odd-principal: acls B --add --allow-principal anna --topic orders",
        "odd-principal-list: acls B --list --principal anna",
        "remove-no-resource: acls B --remove --force",
        "list-with-producer: acls B --list --producer",
        "list-with-consumer: acls B --list --consumer",
        $"list-with-principal: acls B --list {Anna}",
        "list-with-host: acls B --list --allow-host 10.0.0.1",
        "list-with-deny: acls B --list --deny-principal User:anna",
        "list-with-deny-host: acls B --list --deny-host 10.0.0.1",
        "producer-operation: acls B --add --producer --operation Read --topic orders",
        "producer-deny: acls B --add --producer --deny-principal User:anna --topic orders",
        "producer-deny-host: acls B --add --producer --deny-host 10.0.0.1 --topic orders",
        "consumer-operation: acls B --add --consumer --operation Read --topic orders",
        $"principal-without-list: acls B --add {Anna} --principal User:anna --topic orders",
        $"producer-no-topic: acls B --add {Anna} --producer --group g",
        $"idempotent-alone: acls B --add {Anna} --idempotent --topic orders",
        $"consumer-no-group: acls B --add {Anna} --consumer --topic orders",
        $"consumer-cluster: acls B --add {Anna} --consumer --topic orders --group g --cluster",
        "empty-name: acls B --add --allow-principal User:anna --operation Read --topic=",
        "empty-host: acls B --add --allow-principal User:anna --allow-host= --operation Read --topic empty-host",
        "two-servers: acls --bootstrap-server=BOOTSTRAP --bootstrap-server=BOOTSTRAP --list",
        "two-patterns: acls B --list --resource-pattern-type any --resource-pattern-type match",
        "config-empty: acls B --list --topic nowhere --command-config",
        "no-port-controller: acls --bootstrap-controller=nonsense --list",
        "no-port: acls --bootstrap-server=nonsense --list",
    ];

    public static readonly ShimCase[] All =
    [
        .. Lines.Select(Case), .. OfSets.Select(l => Case(l) with { IsOfSets = true }), .. Wrong.Select(Case),
    ];

    /// <summary>What a node without an authorizer answers.</summary>
    public static readonly ShimCase[] Unguarded =
    [
        .. ((string[])
        [
            "off-list: acls B --list",
            $"off-add: acls B --add {Anna} --operation Read --topic orders",
            "off-remove: acls B --remove --force --topic orders",
            "off-list-controller: acls C --list",
        ]).Select(Case),
    ];

    private static ShimCase Case(string line)
    {
        string[] parts = line.Split(": ", 2);
        return new ShimCase(parts[0], parts[1]) { NotYet = NoRules };
    }
}
