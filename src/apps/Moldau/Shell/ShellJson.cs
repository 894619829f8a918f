using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Raft;

namespace Moldau.Shell;

/// <summary>Values of the image as JSON, complete but for what is secret.</summary>
internal static class ShellJson
{
    public const string Hidden = "[hidden]";

    public static JsonObject Of(BrokerRegistration broker) =>
        new()
        {
            ["id"] = broker.Id,
            ["epoch"] = broker.Epoch,
            ["incarnationId"] = broker.IncarnationId.ToString(),
            ["listeners"] = Listeners(broker.Listeners),
            ["features"] = Features(broker.Features),
            ["rack"] = broker.Rack,
            ["fenced"] = broker.IsFenced,
            ["inControlledShutdown"] = broker.IsInControlledShutdown,
            ["migratingZkBroker"] = broker.IsMigratingZkBroker,
            ["directories"] = Texts(broker.Directories),
            ["cordonedDirectories"] = broker.CordonedDirectories is { } cordoned ? Texts(cordoned) : null,
        };

    public static JsonObject Of(ControllerRegistration controller) =>
        new()
        {
            ["id"] = controller.Id,
            ["incarnationId"] = controller.IncarnationId.ToString(),
            ["zkMigrationReady"] = controller.IsZkMigrationReady,
            ["listeners"] = Listeners(controller.Listeners),
            ["features"] = Features(controller.Features),
        };

    public static JsonObject Of(PartitionImage partition) =>
        new()
        {
            ["replicas"] = Numbers(partition.Replicas),
            ["directories"] = Texts(partition.Directories),
            ["isr"] = Numbers(partition.Isr),
            ["removingReplicas"] = Numbers(partition.RemovingReplicas),
            ["addingReplicas"] = Numbers(partition.AddingReplicas),
            ["elr"] = Numbers(partition.Elr),
            ["lastKnownElr"] = Numbers(partition.LastKnownElr),
            // Kafka's mark for none is null here.
            ["leader"] = partition.HasLeader ? partition.Leader : null,
            ["leaderRecoveryState"] = KafkaText.EnumName(partition.LeaderRecoveryState),
            ["leaderEpoch"] = partition.LeaderEpoch,
            ["partitionEpoch"] = partition.PartitionEpoch,
        };

    public static JsonObject Of(AccessControlEntryRecord acl) =>
        new()
        {
            ["resourceType"] = AclNames.ResourceType(acl.ResourceType),
            ["resourceName"] = acl.ResourceName,
            ["patternType"] = AclNames.PatternType(acl.PatternType),
            ["principal"] = acl.Principal,
            ["host"] = acl.Host,
            ["operation"] = AclNames.Operation(acl.Operation),
            ["permission"] = AclNames.Permission(acl.PermissionType),
        };

    public static JsonObject Of(UserScramCredentialRecord credential) =>
        new()
        {
            ["iterations"] = credential.Iterations,
            ["salt"] = Hidden,
            ["storedKey"] = Hidden,
            ["serverKey"] = Hidden,
        };

    /// <summary>The token's HMAC is nothing to hide here: no record holds it, brokers compute it from the id and their secret.</summary>
    public static JsonObject Of(DelegationTokenRecord token) =>
        new()
        {
            ["tokenId"] = token.TokenId,
            ["owner"] = token.Owner,
            ["requester"] = token.Requester,
            ["renewers"] = new JsonArray([.. token.Renewers.Select(r => (JsonNode?)r)]),
            ["issueTimestamp"] = token.IssueTimestamp,
            ["maxTimestamp"] = token.MaxTimestamp,
            ["expiryTimestamp"] = token.ExpirationTimestamp,
        };

    public static JsonObject Of(MetadataProvenance provenance) =>
        new()
        {
            ["offset"] = provenance.Offset,
            ["epoch"] = provenance.Epoch,
            ["time"] = KafkaText.Time(provenance.TimestampMs) + "Z",
        };

    public static JsonObject Of(VoterNode voter) =>
        new()
        {
            ["id"] = voter.Key.Id,
            ["directoryId"] = voter.Key.DirectoryId.ToString(),
            ["endpoints"] = new JsonArray([.. voter.Endpoints.Select(e => (JsonNode)new JsonObject
            {
                ["name"] = e.Name,
                ["host"] = e.Host,
                ["port"] = (int)e.Port,
            })]),
            ["kraftVersion"] = Range(voter.MinKRaftVersion, voter.MaxKRaftVersion),
        };

    public static string MigrationState(sbyte state) => state switch
    {
        0 => "NONE",
        1 => "PRE_MIGRATION",
        2 => "MIGRATION",
        3 => "POST_MIGRATION",
        _ => $"UNKNOWN {state}",
    };

    private static JsonArray Listeners(ImmutableArray<ListenerEndpoint> listeners) => [.. listeners.Select(l => (JsonNode)new JsonObject
    {
        ["name"] = l.Name,
        ["host"] = l.Host,
        ["port"] = (int)l.Port,
        ["securityProtocol"] = KafkaText.SecurityProtocol(l.SecurityProtocol),
    })];

    private static JsonObject Features(ImmutableArray<SupportedFeature> features) =>
        new(features.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => KeyValuePair.Create(f.Name, (JsonNode?)Range(f.Min, f.Max))));

    private static JsonObject Range(short min, short max) => new() { ["min"] = (int)min, ["max"] = (int)max };

    private static JsonArray Numbers(ImmutableArray<int> numbers) => [.. numbers.Select(n => (JsonNode)n)];

    private static JsonArray Texts<T>(ImmutableArray<T> values) => [.. values.Select(v => (JsonNode?)v?.ToString())];
}
