namespace Moldau.Client;

/// <summary>Features of the cluster, such as <c>metadata.version</c>.</summary>
public sealed class FeatureArea : AdminArea
{
    internal FeatureArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>What the brokers know and what the cluster has agreed on.</summary>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<ClusterFeatures> DescribeAsync(CancellationToken cancel = default) =>
        RunAsync(0, static (machine, turn, _) => FeatureAdmin.Describe(machine, turn), cancel);

    /// <summary>Changes levels; the result names for each feature why it was not changed, or null.</summary>
    /// <param name="updates">The new levels; 0 takes a feature away.</param>
    /// <param name="validateOnly">Only says whether they could be changed.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<string, ClientError?>> UpdateAsync(
        IReadOnlyDictionary<string, FeatureUpdate> updates, bool validateOnly = false, CancellationToken cancel = default) =>
        RunAsync(
            (updates, validateOnly), static (machine, turn, s) => FeatureAdmin.Update(machine, turn, s.updates, s.validateOnly), cancel);
}
