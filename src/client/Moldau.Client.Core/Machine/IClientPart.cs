using Moldau.Base;

namespace Moldau.Client;

/// <summary>A producer, a consumer or another long-lived user of the machine: called in each turn, after what happened
/// has been taken in.</summary>
internal interface IClientPart
{
    Instant NextDeadline { get; }

    void OnTurn(ClientTurn turn);

    /// <summary>The cluster cannot be asked, and trying again cannot help: a wrong password, say. Who waits for what only
    /// the cluster can tell is told.</summary>
    void OnShutOut(ClientError error, ClientTurn turn)
    {
    }

    /// <summary>The client is being closed: what is still under way ends with this error.</summary>
    void OnClosed(ClientError error, ClientTurn turn);
}
