using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>The first request on every link: which APIs are there. A broker that is older than the request answers in
/// version 0 which versions of ApiVersions it has (KIP-35, KIP-511).</summary>
internal sealed class Greeting : SetupCall
{
    private const string SoftwareName = "moldau";

    public Greeting(short version)
        : base(ApiKey.ApiVersions)
    {
        Version = version;
    }

    public static short Newest { get; } = ApiTable.Get(ApiKey.ApiVersions).HighestStableVersion;

    private static string SoftwareVersion { get; } = typeof(Greeting).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <summary>The same request for whoever asks on a link that is greeted already, with the name that the client has in
    /// the brokers' metrics (KIP-511).</summary>
    public static ApiVersionsRequest Request() =>
        new() { ClientSoftwareName = SoftwareName, ClientSoftwareVersion = SoftwareVersion };

    /// <summary>Null where it is no such answer.</summary>
    public ApiVersionsResponse? Read(ReadOnlySpan<byte> body)
    {
        foreach (short version in (ReadOnlySpan<short>)[Version, 0])
        {
            KafkaReader reader = new(body);
            ApiVersionsResponse answer = ApiVersionsResponse.Read(ref reader, version);
            if (reader.IsComplete) return answer;
        }

        return null;
    }

    /// <summary>The version to ask in after a refusal; null where there is none.</summary>
    public short? NextVersion(ApiVersionsResponse refusal)
    {
        if (Version == 0) return null;
        foreach (ApiVersionsResponse.ApiVersion api in refusal.ApiKeys)
            if (api.ApiKey == (short)ApiKey.ApiVersions) return Math.Min(api.MaxVersion, (short)(Version - 1));
        return 0;
    }

    protected internal override ClientFrame Encode(int correlationId, string clientId) => Encode(
        new ApiVersionsRequest { ClientSoftwareName = SoftwareName, ClientSoftwareVersion = SoftwareVersion },
        correlationId, clientId);
}
