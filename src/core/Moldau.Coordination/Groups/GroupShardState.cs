using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>What the parts of a <see cref="GroupShard"/> share: the groups, their offsets, and the log they are written
/// to.</summary>
internal sealed class GroupShardState(ICoordinatorHost host, GroupOptions options)
{
    public ICoordinatorHost Host { get; } = host;

    public GroupOptions Options { get; set; } = options;

    public CoordinatorWrites Writes { get; } = new();

    public SortedDictionary<string, ClassicGroup> Groups { get; } = new(StringComparer.Ordinal);

    public NewerGroups Newer { get; } = new();

    public OffsetStore Offsets { get; } = new();

    /// <summary>Writes the group as it will be with these assignments (member id → bytes).</summary>
    public bool TryWriteGroup(ClassicGroup group, Func<ClassicMember, byte[]> assignment, Action<ErrorCode> done) =>
        TryWrite([GroupRecords.GroupMetadata(group, assignment)], done);

    /// <summary>Appends records; <paramref name="done"/> runs when they are committed or lost.</summary>
    public bool TryWrite(IReadOnlyList<CoordinatorRecord> records, Action<ErrorCode> done)
    {
        if (Writes.HasFailed || !Host.TryAppend(records, out long endOffset)) return false;
        Writes.Decided(endOffset, done);
        return true;
    }

    public static ErrorCode ForClient(ErrorCode logError) =>
        logError == ErrorCode.None ? ErrorCode.None : ErrorCode.NotCoordinator;
}
