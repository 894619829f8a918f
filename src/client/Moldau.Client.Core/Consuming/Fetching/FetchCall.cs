using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>One Fetch on its way. The answer's frame stays with the chunks that are cut from it.</summary>
internal sealed class FetchCall(
    CallTarget target, FetchRequest request, bool byId, Func<FetchCall, ClientFrame, int, ClientTurn, CallOutcome> take,
    Action<ClientError, ClientTurn> failed)
    : ClientCall(ApiKey.Fetch, target)
{
    /// <summary>The last version that names topics.</summary>
    private const short LastNamedVersion = 12;

    /// <summary>A replica that cannot be reached is not waited for: another one may serve.</summary>
    internal override bool HasOwnRetries => true;

    public override short HighestVersion => byId ? Api.HighestStableVersion : LastNamedVersion;

    protected internal override ClientFrame Encode(int correlationId, string clientId)
    {
        ClientFrame frame = ClientFrame.Rent(RequestFrame.Size(Api, Version, clientId, request));
        RequestFrame.Write(frame.Span, Api, Version, correlationId, clientId, request);
        return frame;
    }

    protected internal override CallOutcome OnFrame(ClientFrame frame, int bodyStart, ClientTurn turn) =>
        take(this, frame, bodyStart, turn);

    protected internal override void OnFailed(ClientError error, ClientTurn turn) => failed(error, turn);
}
