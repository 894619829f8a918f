using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class QuotaClear
{
    public static readonly Command Command = new("quota clear", "[KEY…]", "take quotas of a user, a client id or an address away", RunAsync)
    {
        Columns = QuotaOptions.Columns(new Column("status")),
        Options = [.. QuotaOptions.Entity, Option.Yes, Option.DryRun],
        Details = QuotaOptions.Keys + "\nWithout a key: all that it has.",
        Example = "moldau quota clear --user alice produce",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        QuotaEntity entity = QuotaOptions.EntityOf(context.Arguments, "quota clear");
        string[] keys = [.. context.Arguments.Operands.Select(QuotaOptions.KafkaName)];
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        var found = await admin.Quotas.DescribeAsync(
            QuotaOptions.FilterOf(context.Arguments) with { IsStrict = true }, context.Cancel).ConfigureAwait(false);
        CommandResult plan = QuotaOptions.Table();
        Dictionary<string, double?> values = [];
        foreach ((string key, double value) in found.SelectMany(q => q.Values).OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (keys.Length > 0 && !keys.Contains(key)) continue;
            QuotaOptions.Add(plan, entity, key, value);
            values[key] = null;
        }

        if (values.Count == 0)
            throw new CommandException($"{entity} has no such quota; 'moldau quota list' shows what there is", ExitCodes.NotFound);
        if (!context.Confirm(plan, $"Take {Words.Count(values.Count, "quota")} away?")) return ExitCodes.Ok;
        var altered = await admin.Quotas.AlterAsync([new QuotaAlteration(entity, values)], false, context.Cancel).ConfigureAwait(false);
        if (altered[entity] is { } error) throw new MoldauException(error);
        CommandResult result = QuotaOptions.Table(new Column("status"));
        foreach (string key in values.Keys) QuotaOptions.Add(result, entity, key, null, "cleared");
        context.Show(result);
        return ExitCodes.Ok;
    }
}
