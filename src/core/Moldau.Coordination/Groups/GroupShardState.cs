using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>What the parts of a <see cref="GroupShard"/> share: the groups, their offsets, and the log they are written
/// to.</summary>
internal sealed class GroupShardState(ICoordinatorHost host, GroupOptions options)
{
    public ICoordinatorHost Host { get; } = host;

    public GroupOptions Options { get; set; } = options;

    public CoordinatorWrites Writes { get; } = new(host, options.CommitTimeoutMs);

    public SortedDictionary<string, ClassicGroup> Groups { get; } = new(StringComparer.Ordinal);

    public NewerGroups Newer { get; } = new();

    public OffsetStore Offsets { get; } = new();

    /// <summary>Writes the group as it will be with these assignments (member id → bytes).</summary>
    public ErrorCode AppendGroup(ClassicGroup group, Func<ClassicMember, byte[]> assignment, Action<ErrorCode> done) =>
        Writes.Append([GroupRecords.GroupMetadata(group, assignment)], done);
}
