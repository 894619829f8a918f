namespace Moldau.Protocol;

/// <summary>The header of a request frame, read in place. <see cref="TryRead"/> fails where the frame is too short or
/// the API key is unknown; a version that the API lacks is not its concern (see <see cref="IsSupported"/>).</summary>
public readonly ref struct RequestHeaderView
{
    private RequestHeaderView(
        ApiInfo api, short version, int correlationId, bool hasClientId, ReadOnlySpan<byte> clientId, int bodyStart)
    {
        Api = api;
        Version = version;
        CorrelationId = correlationId;
        HasClientId = hasClientId;
        ClientId = clientId;
        BodyStart = bodyStart;
    }

    public ApiInfo Api { get; }

    public short Version { get; }

    public int CorrelationId { get; }

    public bool HasClientId { get; }

    /// <summary>UTF-8; empty where there is none.</summary>
    public ReadOnlySpan<byte> ClientId { get; }

    /// <summary>Where the request's own fields begin in the frame.</summary>
    public int BodyStart { get; }

    public bool IsSupported => Api.Has(Version);

    /// <param name="frame">A request without its length prefix.</param>
    /// <param name="header">The header; meaningful only where the result is true.</param>
    public static bool TryRead(ReadOnlySpan<byte> frame, out RequestHeaderView header)
    {
        var reader = new KafkaReader(frame);
        short key = reader.ReadInt16();
        short version = reader.ReadInt16();
        int correlationId = reader.ReadInt32();
        header = default;
        if (reader.Failed || ApiTable.Find(key) is not { IsRemoved: false } api) return false;
        ReadOnlySpan<byte> clientId = reader.ReadNullableText(flexible: false, out bool isNull);
        if (api.RequestHeaderVersion(version) >= 2) reader.SkipTaggedFields();
        header = new RequestHeaderView(api, version, correlationId, !isNull, clientId, reader.Position);
        return !reader.Failed;
    }
}
