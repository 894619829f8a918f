namespace Moldau.Client;

/// <summary>Access rules. A cluster without an authorizer refuses all of it with <c>SECURITY_DISABLED</c>.</summary>
public sealed class AclArea : AdminArea
{
    internal AclArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>The rules that a filter meets, null for all.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyList<AclBinding>> DescribeAsync(AclFilter? filter = null, CancellationToken cancel = default) =>
        RunAsync(filter ?? new AclFilter(), static (machine, turn, f) => AclAdmin.Describe(machine, turn, f), cancel);

    /// <summary>Makes rules; the result names for each why it was not made, or null.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<AclBinding, ClientError?>> CreateAsync(
        IReadOnlyCollection<AclBinding> bindings, CancellationToken cancel = default) =>
        RunAsync(bindings.Distinct().ToArray(), static (machine, turn, b) => AclAdmin.Create(machine, turn, b), cancel);

    /// <summary>Deletes the rules that filters meet; the result has for each filter, in their order, what it met.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyList<Outcome<IReadOnlyList<AclDeletion>>>> DeleteAsync(
        IReadOnlyCollection<AclFilter> filters, CancellationToken cancel = default) =>
        RunAsync(filters.ToArray(), static (machine, turn, f) => AclAdmin.Delete(machine, turn, f), cancel);
}
