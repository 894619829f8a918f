namespace Moldau.Client;

/// <summary>Quotas of users, client ids and addresses.</summary>
public sealed class QuotaArea : AdminArea
{
    internal QuotaArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>The quotas that a filter meets, null for all.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyList<ClientQuota>> DescribeAsync(QuotaFilter? filter = null, CancellationToken cancel = default) =>
        RunAsync(filter ?? new QuotaFilter(), static (machine, turn, f) => QuotaAdmin.Describe(machine, turn, f), cancel);

    /// <summary>Changes quotas; the result names for each entity why nothing of it was changed, or null.</summary>
    /// <param name="alterations">One for each entity.</param>
    /// <param name="validateOnly">Only says whether they could be changed.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<QuotaEntity, ClientError?>> AlterAsync(
        IReadOnlyCollection<QuotaAlteration> alterations, bool validateOnly = false, CancellationToken cancel = default) =>
        RunAsync(
            (Alterations: alterations.ToArray(), validateOnly),
            static (machine, turn, s) => QuotaAdmin.Alter(machine, turn, s.Alterations, s.validateOnly), cancel);
}
