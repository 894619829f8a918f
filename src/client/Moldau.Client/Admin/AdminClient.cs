namespace Moldau.Client;

/// <summary>Administers a cluster. Get it from <see cref="MoldauClient.Admin"/>.</summary>
public sealed class AdminClient
{
    private readonly ClientDriver _driver;

    internal AdminClient(ClientDriver driver) => _driver = driver;

    /// <summary>The cluster's id, its brokers and who takes calls for the controller.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<ClusterDescription> DescribeClusterAsync(CancellationToken cancel = default) =>
        _driver.WaitAsync(0, static (machine, turn, _) => ClusterAdmin.Describe(machine, turn), cancel);
}
