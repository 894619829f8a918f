using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class QuotaSet
{
    public static readonly Command Command = new("quota set", "KEY=VALUE…", "limit a user, a client id or an address", RunAsync)
    {
        Columns = QuotaOptions.Columns(new Column("status")),
        MinOperands = 1,
        Options = [.. QuotaOptions.Entity, Option.DryRun],
        Details = QuotaOptions.Keys,
        Example = "moldau quota set --user alice produce=10MB consume=20MB",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        QuotaEntity entity = QuotaOptions.EntityOf(context.Arguments, "quota set");
        Dictionary<string, double?> values = [];
        foreach ((string key, string text) in CommandLineArguments.Pairs(context.Arguments.Operands, "quota set"))
            values[QuotaOptions.KafkaName(key)] = QuotaOptions.Number(key, text);
        bool isDry = context.Arguments.Has(Option.DryRun.Name);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        var altered = await admin.Quotas.AlterAsync([new QuotaAlteration(entity, values)], isDry, context.Cancel).ConfigureAwait(false);
        if (altered[entity] is { } error) throw new MoldauException(error);
        CommandResult result = QuotaOptions.Table(new Column("status"));
        foreach ((string key, double? value) in values.OrderBy(v => v.Key, StringComparer.Ordinal))
            QuotaOptions.Add(result, entity, key, value, isDry ? "would be set" : "set");
        context.Show(result);
        return ExitCodes.Ok;
    }
}
