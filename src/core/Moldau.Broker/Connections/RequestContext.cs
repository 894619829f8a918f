using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>One request from its frame to its response. Owned by the connection's machine. The frame's lease is held
/// until <see cref="ReleaseFrame"/>; handlers that decode into objects release it at once.</summary>
internal sealed class RequestContext
{
    private readonly Machine _machine;
    private BufferLease? _frame;
    private OutgoingFrame? _response;

    private RequestContext(Machine machine, ConnectionState connection, BufferLease frame)
    {
        _machine = machine;
        Connection = connection;
        _frame = frame;
        ReceivedAt = StartedAt = machine.Now;
    }

    public ConnectionState Connection { get; }

    public ApiKey Api { get; private init; }

    public short Version { get; private init; }

    public int CorrelationId { get; private init; }

    public string? ClientId { get; private init; }

    /// <summary>Where the body begins within the frame's lease.</summary>
    public int BodyStart { get; private init; }

    public int BodyLength { get; private init; }

    /// <summary>Header and body.</summary>
    public int FrameLength { get; private init; }

    public Instant ReceivedAt { get; }

    public Instant StartedAt { get; set; }

    /// <summary>The version in the header is not one that this listener serves (only ApiVersions gets an answer).</summary>
    public bool IsVersionUnsupported { get; private init; }

    public bool IsComplete { get; private set; }

    public bool EndsConnection { get; private set; }

    /// <summary>The connection is gone: nobody waits for the answer, the work may still finish.</summary>
    public bool IsAbandoned { get; private set; }

    public BufferLease Frame => _frame ?? throw new BrokenInvariantException("the request's frame was released");

    public ReadOnlySpan<byte> Body => Frame.Span.Slice(BodyStart, BodyLength);

    /// <summary>Reads the header; null if it is not one, or names an API or version that is not served here: as in
    /// Apache Kafka the connection then ends without an answer.</summary>
    public static RequestContext? TryParse(
        Machine machine, ConnectionState connection, BufferLease lease, int start, int length)
    {
        ReadOnlySpan<byte> bytes = lease.Span.Slice(start, length);
        if (length < 8) return null;
        short key = BinaryPrimitives.ReadInt16BigEndian(bytes);
        short version = BinaryPrimitives.ReadInt16BigEndian(bytes[2..]);
        int correlationId = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
        if (!machine.IsServed(key, version, out bool isUnsupportedApiVersions)) return null;
        KafkaReader reader = new(bytes);
        reader.Skip(8);
        string? clientId = null;
        if (!isUnsupportedApiVersions)
        {
            clientId = reader.ReadNullableString(flexible: false);
            if (ApiTable.Get((ApiKey)key).RequestHeaderVersion(version) >= 2) SkipTaggedFields(ref reader);
            if (reader.Failed) return null;
        }

        return new RequestContext(machine, connection, lease)
        {
            Api = (ApiKey)key,
            Version = version,
            CorrelationId = correlationId,
            ClientId = clientId,
            IsVersionUnsupported = isUnsupportedApiVersions,
            FrameLength = length,
            BodyStart = start + reader.Position,
            BodyLength = length - reader.Position,
        };
    }

    public void Respond(IMessage response)
    {
        (response as IResponse)?.CountErrors(_machine.Errors.Of(Api));
        short version = IsVersionUnsupported ? (short)0 : Version;
        OutgoingFrame frame;
        try
        {
            frame = ResponseEncoder.Encode(_machine, Api, version, CorrelationId, response);
        }
        catch (BrokenInvariantException fault)
        {
            // An answer that its version cannot carry costs this client its connection, not everyone the node.
            _machine.Options.Log.Server.Error($"the answer to {Api} v{version} cannot be written: {fault.Message}");
            EndConnection();
            return;
        }

        Complete(frame);
    }

    public void Respond(OutgoingFrame response) => Complete(response);

    /// <summary>Produce with acks=0: the next request goes on, nothing is sent.</summary>
    public void RespondNothing() => Complete(null);

    /// <summary>The request cannot be answered (malformed body, or acks=0 that failed): the connection ends.</summary>
    public void EndConnection()
    {
        EndsConnection = true;
        Complete(null);
    }

    public void ReleaseFrame()
    {
        _frame?.Release();
        _frame = null;
    }

    internal OutgoingFrame? TakeResponse()
    {
        OutgoingFrame? response = _response;
        _response = null;
        return response;
    }

    internal void Abandon()
    {
        IsAbandoned = true;
        _response?.Release();
        _response = null;
        // A request under way may still read its frame; its completion lets go of it.
        if (!IsUnderWay) ReleaseFrame();
    }

    /// <summary>Dispatched: a handler has it, or had it.</summary>
    internal bool IsUnderWay { get; set; }

    private static void SkipTaggedFields(ref KafkaReader reader)
    {
        uint count = reader.ReadUnsignedVarint();
        if (count > KafkaReader.MaxTaggedFields) reader.Fail();
        for (uint i = 0; i < count && !reader.Failed; i++)
        {
            reader.ReadUnsignedVarint();
            uint size = reader.ReadUnsignedVarint();
            if (size > reader.Remaining) reader.Fail();
            else reader.Skip((int)size);
        }
    }

    private void Complete(OutgoingFrame? response)
    {
        Verify.That(!IsComplete);
        IsComplete = true;
        ReleaseFrame();
        if (IsAbandoned)
        {
            response?.Release();
            return;
        }

        _response = response;
        _machine.Advance(Connection);
    }
}
