using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Shell;

/// <summary>Values as Kafka's shell prints them: the texts that its classes have of themselves. What is secret is not printed,
/// and says so in Kafka's own word for it.</summary>
internal static class KafkaText
{
    public const string Redacted = "[redacted]";

    public static string Of(BrokerRegistration broker) =>
        $"BrokerRegistration(id={broker.Id}, epoch={broker.Epoch}, incarnationId={broker.IncarnationId}, listeners=[{Listeners(broker.Listeners)}], "
        + $"supportedFeatures={{{Features(broker.Features)}}}, rack={(broker.Rack is { } rack ? $"Optional[{rack}]" : "Optional.empty")}, "
        + $"fenced={Fact(broker.IsFenced)}, inControlledShutdown={Fact(broker.IsInControlledShutdown)}, "
        + $"isMigratingZkBroker={Fact(broker.IsMigratingZkBroker)}, directories={Sorted(broker.Directories)}, "
        + $"cordonedDirectories={Sorted(broker.CordonedDirectories ?? [])})";

    public static string Of(ControllerRegistration controller) =>
        $"ControllerRegistration(id={controller.Id}, incarnationId={controller.IncarnationId}, zkMigrationReady={Fact(controller.IsZkMigrationReady)}, "
        + $"listeners=[{Listeners(controller.Listeners)}], supportedFeatures={{{Features(controller.Features)}}})";

    public static string Of(PartitionImage partition) =>
        $"PartitionRegistration(replicas={Numbers(partition.Replicas)}, directories=[{string.Join(", ", partition.Directories)}], "
        + $"isr={Numbers(partition.Isr)}, removingReplicas={Numbers(partition.RemovingReplicas)}, addingReplicas={Numbers(partition.AddingReplicas)}, "
        + $"elr={Numbers(partition.Elr)}, lastKnownElr={Numbers(partition.LastKnownElr)}, leader={partition.Leader}, "
        + $"leaderRecoveryState={EnumName(partition.LeaderRecoveryState)}, leaderEpoch={partition.LeaderEpoch}, partitionEpoch={partition.PartitionEpoch})";

    public static string Of(AccessControlEntryRecord acl) =>
        $"StandardAcl[resourceType={AclNames.ResourceType(acl.ResourceType)}, resourceName={acl.ResourceName}, "
        + $"patternType={AclNames.PatternType(acl.PatternType)}, principal={acl.Principal}, host={acl.Host}, "
        + $"operation={AclNames.Operation(acl.Operation)}, permissionType={AclNames.Permission(acl.PermissionType)}]";

    public static string Of(UserScramCredentialRecord credential) =>
        $"ScramCredentialData(salt={Redacted}, storedKey={Redacted}, serverKey={Redacted}, iterations={credential.Iterations})";

    public static string Of(DelegationTokenRecord token) =>
        $"DelegationTokenDatatokenId={token.TokenId}(owner={token.Owner}(tokenRequester={token.Requester}(renewers={string.Join(' ', token.Renewers)}, "
        + $"issueTimestamp={token.IssueTimestamp}, maxTimestamp={token.MaxTimestamp}), expiryTimestamp={token.ExpirationTimestamp}";

    public static string Of(MetadataProvenance provenance) =>
        $"offset {provenance.Offset}, epoch {provenance.Epoch}, time {Time(provenance.TimestampMs)}Z[UTC]";

    /// <summary><c>DELEGATION_TOKEN</c> of <c>DelegationToken</c></summary>
    public static string EnumName<T>(T value)
        where T : struct, Enum
    {
        StringBuilder name = new();
        foreach (char c in value.ToString())
        {
            if (char.IsUpper(c) && name.Length > 0) name.Append('_');
            name.Append(char.ToUpperInvariant(c));
        }

        return name.ToString();
    }

    public static string SecurityProtocol(short id) => id switch
    {
        0 => "PLAINTEXT",
        1 => "SSL",
        2 => "SASL_PLAINTEXT",
        3 => "SASL_SSL",
        _ => id.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>UTC without a zone; the zeros at the end of the fraction are left out.</summary>
    public static string Time(long unixMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString("yyyy-MM-ddTHH:mm:ss.FFF", CultureInfo.InvariantCulture);

    private static string Listeners(ImmutableArray<ListenerEndpoint> listeners) => string.Join(", ", listeners
        .OrderBy(l => l.Name, StringComparer.Ordinal)
        .Select(l => $"Endpoint(listenerName='{l.Name}', securityProtocol={SecurityProtocol(l.SecurityProtocol)}, host='{l.Host}', port={l.Port})"));

    private static string Features(ImmutableArray<SupportedFeature> features) =>
        string.Join(", ", features.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => $"{f.Name}: {Range(f)}"));

    private static string Range(SupportedFeature feature) => feature.Min == feature.Max ? $"{feature.Min}"
        : feature.Max == short.MaxValue ? $"{feature.Min}+"
        : $"{feature.Min}-{feature.Max}";

    private static string Sorted(ImmutableArray<Uuid> ids) => $"[{string.Join(", ", ids.Order())}]";

    private static string Numbers(ImmutableArray<int> numbers) => $"[{string.Join(", ", numbers)}]";

    private static string Fact(bool fact) => fact ? "true" : "false";
}
