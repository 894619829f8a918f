using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Who a member is in its group's current generation: what commits carry.</summary>
/// <param name="MemberId">Empty for a consumer that is no member.</param>
/// <param name="Generation">The generation or the member epoch; −1 for a consumer that is no member.</param>
/// <param name="InstanceId">Of a static member.</param>
/// <param name="Incarnation">Other after the member has lost its partitions: a commit that was begun before must not be
/// sent again in the name of the new one.</param>
internal readonly record struct MemberIdentity(string MemberId, int Generation, string? InstanceId, int Incarnation = 0)
{
    public static MemberIdentity None => new("", -1, null);

    public bool IsMember => Generation >= 0;
}

/// <summary>A consumer's place in a group, by one of the protocols. It tells the consumer what to read.</summary>
internal interface IMembership
{
    Instant NextDeadline { get; }

    MemberIdentity Identity { get; }

    /// <summary>It has left, or was refused for good: a new subscription begins a new membership.</summary>
    bool HasEnded { get; }

    void OnTurn(ClientTurn turn);

    /// <summary>Reads other topics from now on.</summary>
    void Subscribe(Subscription subscription, ClientTurn turn);

    /// <summary>A commit was refused for this reason: the member may have to join again.</summary>
    void OnCommitError(ErrorCode code, ClientTurn turn);

    /// <summary>Changes nothing any more but goes on with its heartbeats: what was read is committed before it
    /// leaves.</summary>
    void BeginLeaving(ClientTurn turn);

    /// <summary>Leaves the group, and calls when the coordinator knows or cannot be told.</summary>
    void Leave(ClientTurn turn, Action<ClientTurn> left);
}
