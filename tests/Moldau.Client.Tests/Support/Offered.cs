using System.Text.Json.Nodes;
using Moldau.Protocol;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Client.Tests.Support;

/// <summary>What a server offers, and the error that names what it does not.</summary>
internal static class Offered
{
    /// <summary>True where the server has an API; else the operation is tried, and must fail with an error that names
    /// it.</summary>
    public static async Task<bool> HasAsync(ServerUnderTest node, ApiKey api, Func<Task> ask)
    {
        if (Has(node, api)) return true;
        AssertUnsupported(await Assert.ThrowsAsync<MoldauException>(ask), api);
        return false;
    }

    /// <inheritdoc cref="HasAsync(ServerUnderTest, ApiKey, Func{Task})"/>
    public static async Task<bool> HasAsync(ServerUnderTest node, ApiKey api, Func<Task<ClientError?>> ask)
    {
        if (Has(node, api)) return true;
        ClientError? error = await ask();
        Assert.NotNull(error);
        AssertUnsupported(new MoldauException(error), api);
        return false;
    }

    public static bool Has(ServerUnderTest node, ApiKey api)
    {
        using WireClient wire = new(node.Port);
        JsonObject answer = wire.Ask("ApiVersions", 3, JsonNode.Parse("""{"ClientSoftwareName":"t","ClientSoftwareVersion":"1"}""")!.AsObject())!;
        return answer["ApiKeys"]!.AsArray().Any(a => (int)a!["ApiKey"]! == (int)api);
    }

    public static void AssertUnsupported(MoldauException error, ApiKey api)
    {
        Assert.Equal(ErrorCode.UnsupportedVersion, error.Error);
        Assert.Contains(api.ToString(), error.Message, StringComparison.Ordinal);
    }
}
