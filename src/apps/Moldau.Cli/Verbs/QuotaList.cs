using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class QuotaList
{
    public static readonly Command Command = new("quota list", "", "the quotas", RunAsync)
    {
        Columns = QuotaOptions.Columns(),
        MaxOperands = 0,
        Options = QuotaOptions.Entity,
        Details = "With a name: all quotas in which it has a part.",
        Example = "moldau quota list --user alice",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        CommandResult result = QuotaOptions.Table();
        var quotas = await admin.Quotas.DescribeAsync(QuotaOptions.FilterOf(context.Arguments), context.Cancel).ConfigureAwait(false);
        foreach (ClientQuota quota in quotas.OrderBy(q => q.Entity.ToString(), StringComparer.Ordinal))
            foreach ((string key, double value) in quota.Values.OrderBy(v => v.Key, StringComparer.Ordinal))
                QuotaOptions.Add(result, quota.Entity, key, value);
        context.Show(result);
        return ExitCodes.Ok;
    }
}
