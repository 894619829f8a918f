using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>ApiVersions on either listener: what the router serves, features, and the answer to a client that is too
/// new (version 0 with error 35 and the one row it needs).</summary>
internal static class ApiVersionsAnswer
{
    /// <summary>Reads what the client says of itself (KIP-511) and answers.</summary>
    public static void Handle(RequestContext request, Machine machine, MetadataImage image)
    {
        if (request.IsVersionUnsupported)
        {
            ApiVersionsResponse refusal = new() { ErrorCode = (short)ErrorCode.UnsupportedVersion };
            ApiInfo self = ApiTable.Get(ApiKey.ApiVersions);
            refusal.ApiKeys.Add(new()
            {
                ApiKey = (short)ApiKey.ApiVersions,
                MinVersion = self.LowestVersion,
                MaxVersion = self.HighestVersion,
            });
            request.Respond(refusal);
            return;
        }

        KafkaReader reader = new(request.Body);
        ApiVersionsRequest body = ApiVersionsRequest.Read(ref reader, request.Version);
        if (reader.Failed)
        {
            request.EndConnection();
            return;
        }

        if (request.Version >= 3 && !(IsName(body.ClientSoftwareName) && IsName(body.ClientSoftwareVersion)))
        {
            request.Respond(new ApiVersionsResponse { ErrorCode = (short)ErrorCode.InvalidRequest });
            return;
        }

        request.Connection.SoftwareName = body.ClientSoftwareName;
        request.Connection.SoftwareVersion = body.ClientSoftwareVersion;
        if (request.Version >= 5 && CheckIdentity(body, machine.Options) is var error && error != ErrorCode.None)
        {
            request.Respond(new ApiVersionsResponse { ErrorCode = (short)error });
            return;
        }

        request.Respond(Answer(machine, image, request.Version));
    }

    private static ApiVersionsResponse Answer(Machine machine, MetadataImage image, short version)
    {
        ApiVersionsResponse response = new() { FinalizedFeaturesEpoch = image.Provenance.Offset };
        foreach (ApiKey api in machine.ServedApis)
            response.ApiKeys.Add(new()
            {
                ApiKey = (short)api,
                MinVersion = machine.LowestVersion(api),
                MaxVersion = machine.HighestVersion(api),
            });
        // Clients before version 4 take a lowest level of 0 for damage.
        foreach (SupportedFeature feature in SupportedFeatures.All)
        {
            if (version < 4 && feature.Min <= 0) continue;
            response.SupportedFeatures.Add(new() { Name = feature.Name, MinVersion = feature.Min, MaxVersion = feature.Max });
        }

        foreach ((string name, short level) in image.Features.Finalized)
            if (level > 0) response.FinalizedFeatures.Add(new() { Name = name, MaxVersionLevel = level, MinVersionLevel = level });
        if (machine.KRaftVersion is > 0 and var kraft)
            response.FinalizedFeatures.Add(new() { Name = FeatureNames.KRaft, MaxVersionLevel = kraft, MinVersionLevel = kraft });
        return response;
    }

    /// <summary>A client that expects another cluster or node is sent back to its bootstrap servers (KIP-1242).</summary>
    private static ErrorCode CheckIdentity(ApiVersionsRequest body, NodeOptions options)
    {
        if (body.ClusterId is null) return body.NodeId == -1 ? ErrorCode.None : ErrorCode.InvalidRequest;
        if (body.ClusterId != options.ClusterId) return ErrorCode.RebootstrapRequired;
        return body.NodeId == -1 || body.NodeId == options.NodeId ? ErrorCode.None : ErrorCode.RebootstrapRequired;
    }

    /// <summary>[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])? as KIP-511 has it.</summary>
    private static bool IsName(string text)
    {
        if (text.Length == 0 || !char.IsAsciiLetterOrDigit(text[0]) || !char.IsAsciiLetterOrDigit(text[^1])) return false;
        foreach (char c in text)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.')) return false;
        return true;
    }
}

internal sealed class ApiVersionsHandler : IApiHandler<ShardMachine>
{
    public ApiKey Api => ApiKey.ApiVersions;

    public void Handle(RequestContext request, ShardMachine machine) => ApiVersionsAnswer.Handle(request, machine, machine.Image);
}
