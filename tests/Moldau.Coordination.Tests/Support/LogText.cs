using System.Buffers.Binary;
using System.Text;
using Moldau.Protocol;

namespace Moldau.Coordination.Tests;

/// <summary>Records of the fake log as text.</summary>
internal static class LogText
{
    public static string Of(LogEntry entry)
    {
        if (entry.MarkerIsCommit is { } isCommit) return $"marker producer={entry.ProducerId} {(isCommit ? "commit" : "abort")}";
        KafkaReader key = new(entry.Record.Key);
        short type = key.ReadInt16();
        string head = type switch
        {
            1 => Offset(OffsetCommitKey.Read(ref key, 0)),
            2 => $"group {GroupMetadataKey.Read(ref key, 0).Group}",
            _ => $"type {type}",
        };
        if (entry.ProducerId >= 0) head += $" producer={entry.ProducerId}";
        if (entry.Record.Value is not { } value) return $"{head} tombstone";
        short version = BinaryPrimitives.ReadInt16BigEndian(value);
        KafkaReader reader = new(value.AsSpan(2));
        return $"{head} v{version} " + type switch
        {
            1 => Value(OffsetCommitValue.Read(ref reader, version)),
            2 => Value(GroupMetadataValue.Read(ref reader, version)),
            _ => "",
        };
    }

    private static string Offset(OffsetCommitKey key) => $"offset {key.Group} {key.Topic}-{key.Partition}";

    private static string Value(OffsetCommitValue value) =>
        $"{value.Offset} epoch={value.LeaderEpoch} '{value.Metadata}' at={value.CommitTimestamp % 100_000_000}"
        + (value.ExpireTimestamp < 0 ? "" : $" expires={value.ExpireTimestamp % 100_000_000}")
        + (value.TopicId.IsZero ? "" : " with topic id");

    private static string Value(GroupMetadataValue value)
    {
        string head = $"type='{value.ProtocolType}' generation={value.Generation} protocol={value.Protocol ?? "null"}"
            + $" leader={value.Leader ?? "null"} at={value.CurrentStateTimestamp % 100_000_000}";
        return string.Join("; ", value.Members.Select(m =>
            $"{m.MemberId} instance={m.GroupInstanceId ?? "null"} {m.ClientId} {m.ClientHost} {m.RebalanceTimeout}/{m.SessionTimeout}"
            + $" {m.Subscription.Length} bytes '{Encoding.UTF8.GetString(m.Assignment)}'").Prepend(head));
    }
}
