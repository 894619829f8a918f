using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>A member of a classic group.</summary>
internal sealed class ClassicMember
{
    public required string Id { get; set; }

    /// <summary>group.instance.id of a static member (KIP-345), else null.</summary>
    public required string? InstanceId { get; init; }

    public required string ClientId { get; set; }

    public required string ClientHost { get; set; }

    public required ClassicMemberSettings Settings { get; set; }

    public byte[] Assignment { get; set; } = [];

    /// <summary>Answers the pending JoinGroup; null when none waits. Set by the group, which counts them.</summary>
    public Action<JoinGroupResponse>? AwaitingJoin { get; set; }

    public Action<SyncGroupResponse>? AwaitingSync { get; set; }

    /// <summary>Joined the generation but has not asked for its assignment yet. Set by the group, which counts
    /// them.</summary>
    public bool IsPendingSync { get; set; }

    /// <summary>The member's place in its group's order.</summary>
    public LinkedListNode<ClassicMember>? Node { get; set; }

    /// <summary>True until the first generation that includes the member is complete.</summary>
    public bool IsNew { get; set; }

    public CoordinatorTimer? Session { get; set; }

    /// <summary>A member that waits for us cannot be dead to us, unless it waits in its very first join.</summary>
    public bool IsWaitingOnUs => !IsNew && (AwaitingJoin is not null || AwaitingSync is not null);

    public bool Matches(IReadOnlyList<(string Name, byte[] Metadata)> protocols)
    {
        if (protocols.Count != Settings.Protocols.Count) return false;
        for (int i = 0; i < protocols.Count; i++)
        {
            if (!string.Equals(protocols[i].Name, Settings.Protocols[i].Name, StringComparison.Ordinal)) return false;
            if (!protocols[i].Metadata.AsSpan().SequenceEqual(Settings.Protocols[i].Metadata)) return false;
        }

        return true;
    }

    public byte[] MetadataOf(string? protocol)
    {
        foreach ((string name, byte[] metadata) in Settings.Protocols)
            if (string.Equals(name, protocol, StringComparison.Ordinal)) return metadata;
        return [];
    }
}

/// <summary>What a member says of itself in each JoinGroup.</summary>
/// <param name="SessionTimeoutMs">How long it may be silent.</param>
/// <param name="RebalanceTimeoutMs">How long it may take to rejoin.</param>
/// <param name="Protocols">In the member's order of preference; each name once.</param>
internal sealed record ClassicMemberSettings(
    int SessionTimeoutMs, int RebalanceTimeoutMs, IReadOnlyList<(string Name, byte[] Metadata)> Protocols);
