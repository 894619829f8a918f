using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moldau.Cli.Shims;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Shell;

/// <summary>The tree of the metadata image, with Kafka's names: <c>/image</c> and <c>/local</c>; beside them <c>/quorum</c>, what
/// Raft's own records say, which Kafka's shell leaves out.</summary>
internal static class ImageTree
{
    private static readonly (string Name, sbyte Number)[] _mechanisms = [("SCRAM-SHA-256", 1), ("SCRAM-SHA-512", 2)];

    public static ShellFolder Of(ClusterFiles files, ShellDoor door, string version, string commit)
    {
        bool isKafka = door == ShellDoor.Kafka;
        ShellFolder local = new(("version", new ShellValue(() => version)), ("commitId", new ShellValue(() => commit)));
        return isKafka
            ? new ShellFolder(("image", Image(files.Image, isKafka)), ("local", local))
            : new ShellFolder(("image", Image(files.Image, isKafka)), ("local", local), ("quorum", Quorum(files)));
    }

    private static ShellFolder Image(MetadataImage image, bool isKafka) => new(
        ("acls", new ShellFolder(("byId", new ShellFolder(() => image.Security.Acls.Select(a =>
            (a.Key.ToString(), Value(() => ShellJson.Of(a.Value), () => KafkaText.Of(a.Value)))))))),
        ("clientQuotas", new ShellFolder(() => image.ClientQuotas.ByEntity.Select(q => (QuotaName(q.Key), Numbers(q.Value))))),
        ("cluster", new ShellFolder(
            ("brokers", new ShellFolder(() => image.Cluster.Brokers.Select(b =>
                ($"{b.Key}", Value(() => ShellJson.Of(b.Value), () => KafkaText.Of(b.Value)))))),
            ("controllers", new ShellFolder(() => image.Cluster.Controllers.Select(c =>
                ($"{c.Key}", Value(() => ShellJson.Of(c.Value), () => KafkaText.Of(c.Value)))))))),
        ("configs", new ShellFolder(() => image.Configs.ByResource.Select(c => (ResourceName(c.Key), Configs(c.Key, c.Value))))),
        ("delegationToken", new ShellFolder(() => image.Security.Tokens.Select(t =>
            (t.Key, Value(() => ShellJson.Of(t.Value), () => KafkaText.Of(t.Value)))))),
        ("features", Features(image.Features, isKafka)),
        ("producerIds", new ShellFolder(("nextProducerId", new ShellValue(() => image.NextProducerId)))),
        ("provenance", Value(() => ShellJson.Of(image.Provenance), () => KafkaText.Of(image.Provenance))),
        ("scram", new ShellFolder(() => _mechanisms.Select(m => (m.Name, (ShellNode)Scram(image.Security, m.Number))))),
        ("topics", new ShellFolder(
            ("byId", new ShellFolder(() => image.Topics.ById.Select(t => (t.Key.ToString(), (ShellNode)Topic(t.Value))))),
            ("byName", new ShellFolder(() => image.Topics.ByName.Select(t => (t.Key, (ShellNode)Topic(t.Value))))))));

    private static ShellFolder Features(FeaturesImage features, bool isKafka) => new(() =>
    {
        List<(string, ShellNode)> children = [.. features.Finalized.Where(f => f.Key != MetadataVersion.FeatureName)
            .Select(f => ($"finalized_{f.Key}", Value(() => (int)f.Value, null)))];
        string? version = features.HasVersion ? features.Version.ToString() : null;
        children.Add(("metadataVersion", Value(() => version, () => version is null ? "Optional.empty" : $"Optional[{version}]")));
        // The image of 4.x reads the record of the migration and drops it.
        if (!isKafka) children.Add(("zkMigrationState", Value(() => ShellJson.MigrationState(features.ZkMigrationState), null)));
        return children;
    });

    private static ShellFolder Topic(TopicImage topic) => new(() => topic.Partitions
        .Select((p, i) => ($"{i}", Value(() => ShellJson.Of(p), () => KafkaText.Of(p))))
        .Append(("name", Value(() => topic.Name, null)))
        .Append(("id", Value(() => topic.Id.ToString(), null))));

    private static ShellNode Configs(ConfigResource resource, ImmutableSortedDictionary<string, string> values) =>
        new ShellFolder(() => values.Select(v =>
        {
            bool isSecret = DescribeConfigs.IsSensitive(resource.Type, v.Key);
            return (v.Key, Value(() => isSecret ? ShellJson.Hidden : v.Value, () => isSecret ? KafkaText.Redacted : v.Value));
        }));

    private static ShellNode Numbers(ImmutableSortedDictionary<string, double> quotas) =>
        new ShellFolder(() => quotas.Select(q => (q.Key, Value(() => q.Value, () => JavaNumbers.Text(q.Value)))));

    private static ShellFolder Scram(SecurityImage security, sbyte mechanism) => new(() => security.Scram
        .Where(s => s.Key.Mechanism == mechanism)
        .Select(s => (s.Key.User, Value(() => ShellJson.Of(s.Value), () => KafkaText.Of(s.Value)))));

    private static ShellFolder Quorum(ClusterFiles files) => new(
        ("kraftVersion", new ShellValue(() => (int)files.KRaftVersion)),
        ("lastElection", new ShellValue(() => files.Leader is { } leader ? new JsonObject { ["leader"] = leader, ["epoch"] = files.LeaderEpoch } : null)),
        ("snapshot", new ShellValue(() => files.Snapshot)),
        ("voters", new ShellFolder(() => files.Voters.Nodes.Select(v => ($"{v.Key}", Value(() => ShellJson.Of(v.Value), null))))));

    private static ShellNode Value(Func<JsonNode?> json, Func<string>? text) => new ShellValue(json, text);

    private static string ResourceName(ConfigResource resource)
    {
        string type = KafkaText.EnumName(resource.Type);
        return resource.Name.Length == 0 ? type : $"{type}:{resource.Name}";
    }

    /// <summary>Kafka's shell leaves the default entity out of the name, and then fails to find it again.</summary>
    private static string QuotaName(ClientQuotaEntity entity) => string.Join('_', entity.Parts.Select(p =>
        $"{(p.Type == "client-id" ? "clientId" : p.Type)}({(p.Name is { } name ? Escaped(name) : "<default>")})"));

    private static string Escaped(string name) => name.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("(", "\\(", StringComparison.Ordinal).Replace(")", "\\)", StringComparison.Ordinal);
}
