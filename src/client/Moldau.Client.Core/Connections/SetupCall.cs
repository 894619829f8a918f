using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A request that a link makes for itself before it is ready. Its answer goes to the link; when the link breaks
/// it is forgotten.</summary>
internal abstract class SetupCall(ApiKey api) : ClientCall(api, CallTarget.Any)
{
    protected internal override CallOutcome OnFrame(ClientFrame frame, int bodyStart, ClientTurn turn) =>
        CallOutcome.Done;

    protected internal override void OnFailed(ClientError error, ClientTurn turn)
    {
    }

    protected ClientFrame Encode<TRequest>(TRequest request, int correlationId, string clientId)
        where TRequest : IRequest
    {
        ClientFrame frame = ClientFrame.Rent(RequestFrame.Size(Api, Version, clientId, request));
        RequestFrame.Write(frame.Span, Api, Version, correlationId, clientId, request);
        return frame;
    }
}

/// <summary>Names the SASL mechanism (KIP-43). Version 1 says that the messages come as requests (KIP-152).</summary>
internal sealed class SaslHandshakeCall : SetupCall
{
    private readonly string _mechanism;

    public SaslHandshakeCall(string mechanism)
        : base(ApiKey.SaslHandshake)
    {
        _mechanism = mechanism;
        Version = 1;
    }

    public override short LowestVersion => 1;

    public override short HighestVersion => 1;

    /// <summary>Null where it is no such answer.</summary>
    public SaslHandshakeResponse? Read(ReadOnlySpan<byte> body)
    {
        KafkaReader reader = new(body);
        SaslHandshakeResponse answer = SaslHandshakeResponse.Read(ref reader, Version);
        return reader.Failed ? null : answer;
    }

    protected internal override ClientFrame Encode(int correlationId, string clientId) =>
        Encode(new SaslHandshakeRequest { Mechanism = _mechanism }, correlationId, clientId);
}

/// <summary>One message of a SASL mechanism.</summary>
internal sealed class SaslAuthenticateCall : SetupCall
{
    private readonly byte[] _message;

    public SaslAuthenticateCall(byte[] message, short version)
        : base(ApiKey.SaslAuthenticate)
    {
        _message = message;
        Version = version;
    }

    /// <summary>Null where it is no such answer.</summary>
    public SaslAuthenticateResponse? Read(ReadOnlySpan<byte> body)
    {
        KafkaReader reader = new(body);
        SaslAuthenticateResponse answer = SaslAuthenticateResponse.Read(ref reader, Version);
        return reader.Failed ? null : answer;
    }

    protected internal override ClientFrame Encode(int correlationId, string clientId) =>
        Encode(new SaslAuthenticateRequest { AuthBytes = _message }, correlationId, clientId);
}
