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
        CreateAsync(bindings, CallTarget.Controller, cancel);

    /// <summary>Deletes the rules that filters meet; the result has for each filter, in their order, what it met.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyList<Outcome<IReadOnlyList<AclDeletion>>>> DeleteAsync(
        IReadOnlyCollection<AclFilter> filters, CancellationToken cancel = default) =>
        DeleteAsync(filters, CallTarget.Controller, cancel);

    /// <summary>The same, asked of a certain node.</summary>
    internal Task<IReadOnlyDictionary<AclBinding, ClientError?>> CreateAsync(
        IReadOnlyCollection<AclBinding> bindings, CallTarget target, CancellationToken cancel) =>
        RunAsync(
            (Bindings: bindings.Distinct().ToArray(), target),
            static (machine, turn, s) => AclAdmin.Create(machine, turn, s.Bindings, s.target), cancel);

    /// <summary>The same, asked of a certain node.</summary>
    internal Task<IReadOnlyList<Outcome<IReadOnlyList<AclDeletion>>>> DeleteAsync(
        IReadOnlyCollection<AclFilter> filters, CallTarget target, CancellationToken cancel) =>
        RunAsync(
            (Filters: filters.ToArray(), target),
            static (machine, turn, s) => AclAdmin.Delete(machine, turn, s.Filters, s.target), cancel);
}
