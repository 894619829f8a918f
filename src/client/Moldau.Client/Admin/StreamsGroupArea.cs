namespace Moldau.Client;

/// <summary>Streams groups. They are listed and deleted as all groups are, and so are their offsets.</summary>
public sealed class StreamsGroupArea : AdminArea
{
    internal StreamsGroupArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>The named groups, their topologies and members.</summary>
    /// <param name="groupIds">The groups.</param>
    /// <param name="withTopology">Tells also the topology as the application drew it (from 4.3 on).</param>
    /// <param name="withOperations">Tells also what one may do with each.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<StreamsGroupDescription>>> DescribeAsync(
        IReadOnlyCollection<string> groupIds, bool withTopology = false, bool withOperations = false, CancellationToken cancel = default) =>
        RunAsync(
            (Ids: groupIds.ToArray(), withTopology, withOperations),
            static (machine, turn, s) => StreamsGroupAdmin.Describe(machine, turn, s.Ids, s.withTopology, s.withOperations), cancel);
}
