using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>What becomes of a call after an answer.</summary>
public enum CallOutcome
{
    /// <summary>Over, well or badly.</summary>
    Done,

    /// <summary>Send it again after a while.</summary>
    Retry,

    /// <summary>Send it again after a while, and learn first who leads or controls now.</summary>
    RetryElsewhere,
}

/// <summary>One request on its way to an answer: found a broker, written in a version that both sides know, sent, and
/// sent again until it is answered for good or its time is over. Either <see cref="OnFrame"/> says that it is done, or
/// <see cref="OnFailed"/> is called, once.</summary>
internal abstract class ClientCall(ApiKey api, CallTarget target)
{
    public ApiInfo Api { get; } = ApiTable.Get(api);

    public CallTarget Target { get; set; } = target;

    /// <summary>When it fails with <see cref="ErrorCode.RequestTimedOut"/>; <see cref="Instant.Never"/> for calls that
    /// are sent as long as their owner wants it.</summary>
    public Instant Deadline { get; set; } = Instant.Never;

    /// <summary>How long a broker may take, on top of <see cref="ClientSettings.RequestTimeout"/>: for requests that
    /// wait at the broker.</summary>
    public Duration ExtraTime { get; init; }

    /// <summary>False for calls that must not be sent twice: a link that breaks fails them.</summary>
    public bool MayRepeat { get; init; } = true;

    /// <summary>True for calls whose owner decides what is sent again: every failure goes to it at once.</summary>
    internal virtual bool HasOwnRetries => false;

    public virtual short LowestVersion => Api.LowestVersion;

    public virtual short HighestVersion => Api.HighestStableVersion;

    /// <summary>The last answer's error, told when the deadline comes.</summary>
    public ClientError? LastError { get; set; }

    internal int Attempts { get; set; }

    internal short Version { get; set; }

    internal int CorrelationId { get; set; }

    internal Instant AnswerDue { get; set; }

    internal Instant RetryAt { get; set; }

    /// <summary>Given up by its owner: nothing is called any more.</summary>
    internal bool IsAbandoned { get; private set; }

    /// <summary>False for requests that no answer follows (Produce with acks=0).</summary>
    internal virtual bool HasAnswer => true;

    public void Abandon() => IsAbandoned = true;

    /// <summary>The request in the version that was agreed on.</summary>
    protected internal abstract ClientFrame Encode(int correlationId, string clientId);

    /// <summary>Takes the answer. Who keeps the frame retains it.</summary>
    /// <param name="frame">The whole answer.</param>
    /// <param name="bodyStart">Where the message begins behind the header.</param>
    /// <param name="turn">The step under way.</param>
    protected internal abstract CallOutcome OnFrame(ClientFrame frame, int bodyStart, ClientTurn turn);

    protected internal abstract void OnFailed(ClientError error, ClientTurn turn);

    /// <summary>A request without an answer has left.</summary>
    protected internal virtual void OnSent(ClientTurn turn)
    {
    }
}

/// <summary>A call whose messages are classes.</summary>
internal sealed class ClientCall<TRequest, TResponse>(
    CallTarget target,
    Func<short, TRequest> build,
    Func<TResponse, ClientTurn, CallOutcome> take,
    Action<ClientError, ClientTurn> failed) : ClientCall(TRequest.ApiKey, target)
    where TRequest : IRequest
    where TResponse : IResponse, IMessage<TResponse>
{
    /// <summary>Memory that an answer may take, times its size: a list of ten thousand topics is many small
    /// structures.</summary>
    private const int TrustedFactor = 64;

    /// <summary>Every failure of a link goes to the owner at once.</summary>
    public bool FailsAtOnce { get; init; }

    public short From { get; init; } = ApiTable.Get(TRequest.ApiKey).LowestVersion;

    public short UpTo { get; init; } = ApiTable.Get(TRequest.ApiKey).HighestStableVersion;

    internal override bool HasOwnRetries => FailsAtOnce;

    public override short LowestVersion => From;

    public override short HighestVersion => UpTo;

    protected internal override ClientFrame Encode(int correlationId, string clientId)
    {
        TRequest request = build(Version);
        ClientFrame frame = ClientFrame.Rent(RequestFrame.Size(Api, Version, clientId, request));
        RequestFrame.Write(frame.Span, Api, Version, correlationId, clientId, request);
        return frame;
    }

    protected internal override CallOutcome OnFrame(ClientFrame frame, int bodyStart, ClientTurn turn)
    {
        KafkaReader reader = new(frame.Span[bodyStart..], TrustedFactor);
        TResponse response = TResponse.Read(ref reader, Version);
        if (!reader.Failed) return take(response, turn);
        OnFailed(new ClientError(ErrorCode.UnknownServerError,
            $"the broker's answer to {Api.Name} version {Version} cannot be read"), turn);
        return CallOutcome.Done;
    }

    protected internal override void OnFailed(ClientError error, ClientTurn turn) => failed(error, turn);
}
