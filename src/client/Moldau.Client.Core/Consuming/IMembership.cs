using Moldau.Base;

namespace Moldau.Client;

/// <summary>Who a member is in its group's current generation: what commits carry.</summary>
/// <param name="MemberId">Empty for a consumer that is no member.</param>
/// <param name="Generation">The generation or the member epoch; −1 for a consumer that is no member.</param>
/// <param name="InstanceId">Of a static member.</param>
internal readonly record struct MemberIdentity(string MemberId, int Generation, string? InstanceId)
{
    public static MemberIdentity None => new("", -1, null);
}

/// <summary>A consumer's place in a group, by one of the protocols. It tells the consumer what to read.</summary>
internal interface IMembership
{
    Instant NextDeadline { get; }

    MemberIdentity Identity { get; }

    void OnTurn(ClientTurn turn);

    /// <summary>A commit was refused for this reason: the member may have to join again.</summary>
    void OnCommitError(Moldau.Protocol.ErrorCode code, ClientTurn turn);

    /// <summary>Leaves the group, as well as it can at once.</summary>
    void Leave(ClientTurn turn);
}
