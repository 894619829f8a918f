using Moldau.Base;

namespace Moldau.Client;

/// <summary>The controllers and their votes.</summary>
public sealed class QuorumArea : AdminArea
{
    internal QuorumArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>Who leads, who votes, who follows, and how far each is.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<QuorumDescription> DescribeAsync(CancellationToken cancel = default) =>
        RunAsync(0, static (machine, turn, _) => QuorumAdmin.Describe(machine, turn), cancel);

    /// <summary>Gives a controller a vote.</summary>
    /// <param name="nodeId">The controller.</param>
    /// <param name="directoryId">Of its metadata log directory, as its <c>meta.properties</c> says.</param>
    /// <param name="endpoints">Where it listens for controllers.</param>
    /// <param name="clusterId">The cluster that is meant; null for whichever it is.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">It was not given one.</exception>
    public Task AddVoterAsync(
        int nodeId,
        Uuid directoryId,
        IReadOnlyCollection<QuorumEndpoint> endpoints,
        string? clusterId = null,
        CancellationToken cancel = default) =>
        RequireAsync(
            (nodeId, directoryId, Endpoints: endpoints.ToArray(), clusterId),
            static (machine, turn, s) => QuorumAdmin.AddVoter(machine, turn, s.nodeId, s.directoryId, s.Endpoints, s.clusterId), cancel);

    /// <summary>Takes a controller's vote.</summary>
    /// <param name="nodeId">The controller.</param>
    /// <param name="directoryId">As <see cref="DescribeAsync"/> tells it.</param>
    /// <param name="clusterId">The cluster that is meant; null for whichever it is.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">It still has it.</exception>
    public Task RemoveVoterAsync(int nodeId, Uuid directoryId, string? clusterId = null, CancellationToken cancel = default) =>
        RequireAsync(
            (nodeId, directoryId, clusterId),
            static (machine, turn, s) => QuorumAdmin.RemoveVoter(machine, turn, s.nodeId, s.directoryId, s.clusterId), cancel);
}
