using System.Text;

namespace Moldau.Config;

/// <summary>Writes the reference page of all properties from the tables.</summary>
public static class ConfigDocument
{
    public static string Write()
    {
        StringBuilder page = new();
        page.Append("# Configuration reference\n\n");
        page.Append("Made from the tables in `src/foundation/Moldau.Config/Tables`; a test fails when it is not "
            + "current ");
        page.Append("(`MOLDAU_WRITE_DOCS=1` with that test writes it).\n\n");
        page.Append("Names, types and defaults are those of Apache Kafka 4.4, and ours begin with `moldau.`. A "
            + "value comes from ");
        page.Append("`--set name=value`, else from the environment (`KAFKA_LOG_DIRS`, `MOLDAU_SHARDS`: `_` is a dot,"
            + " `__` an ");
        page.Append("underscore, `___` a hyphen), else from the properties file, else it is the default. *May "
            + "change* says ");
        page.Append("whether a running node takes a new value, for one broker or for all. Properties under *Known, "
            + "without ");
        page.Append("effect yet* are read, checked and shown by DescribeConfigs; a start with one of them logs a "
            + "warning.\n");
        WriteTable(page, BrokerConfigTable.Table, isBroker: true);
        WriteTable(page, TopicConfigTable.Table, isBroker: false);
        WriteTable(page, GroupConfigTable.Table, isBroker: false);
        WriteTable(page, ClientMetricsConfigTable.Table, isBroker: false);
        page.Append("\n## Broker loggers\n\nLevels: ").AppendJoin(", ", BrokerLoggerLevels.All).Append(".\n");
        return page.ToString();
    }

    private static void WriteTable(StringBuilder page, ConfigTable table, bool isBroker)
    {
        page.Append("\n## ").Append(table.Title).Append('\n');
        List<ConfigKey> used = [.. table.Keys.Where(static key => key.Usage == Usage.Used)];
        List<ConfigKey> known = [.. table.Keys.Where(static key => key.Usage == Usage.NotYet)];
        if (used.Count > 0)
        {
            page.Append(isBroker
                ? "\n| property | type | default | allowed | may change | meaning |\n|---|---|---|---|---|---|\n"
                : "\n| property | type | default | allowed | taken from | meaning |\n|---|---|---|---|---|---|\n");
            foreach (ConfigKey key in used) WriteRow(page, key, isBroker, key.Doc);
        }
        if (known.Count == 0) return;
        page.Append("\n### ").Append(table.Title).Append(": known, without effect yet\n\n");
        page.Append(isBroker ? "| property | type | default | allowed | may change |\n|---|---|---|---|---|\n"
            : "| property | type | default | allowed | taken from |\n|---|---|---|---|---|\n");
        foreach (ConfigKey key in known) WriteRow(page, key, isBroker, null);
    }

    private static void WriteRow(StringBuilder page, ConfigKey key, bool isBroker, string? meaning)
    {
        string value = key.Required ? "(required)"
            : key.Default switch { null => "none", "" => "(empty)", _ => $"`{key.Default}`" };
        string change = key.Scope switch
        {
            DynamicScope.ReadOnly => "no",
            DynamicScope.PerBroker => "per broker",
            _ => "yes",
        };
        string from = string.Join(", ", Synonyms.ForTopic(key.Name).Select(static synonym => $"`{synonym.Name}`"));
        if (from.Length == 0 && Synonyms.ForGroup(key.Name) is { } behind) from = $"`{behind}`";
        page.Append("| `").Append(key.Name).Append("` | ").Append(key.Type.ToString().ToLowerInvariant()).Append(" | ");
        page.Append(value).Append(" | ").Append(key.Validator?.ToString() ?? "").Append(" | ");
        page.Append(isBroker ? change : from).Append(" |");
        if (meaning is not null) page.Append(' ').Append(meaning.Replace("|", "\\|")).Append(" |");
        page.Append('\n');
    }
}
