namespace Moldau.Config.Tests;

public sealed class TableTests
{
    private static ConfigTable TableOf(string scope) => scope switch
    {
        "broker" => BrokerConfigTable.Table,
        "topic" => TopicConfigTable.Table,
        "group" => GroupConfigTable.Table,
        _ => ClientMetricsConfigTable.Table,
    };

    [Theory]
    [InlineData("broker")]
    [InlineData("topic")]
    [InlineData("group")]
    [InlineData("client-metrics")]
    public void Table_HasEveryPropertyOfKafka_WithItsTypeDefaultAndRules(string scope)
    {
        ConfigTable table = TableOf(scope);
        IReadOnlyList<string[]> rows = TestData.Read($"table-{scope}.tsv", hasHeader: true);
        foreach (string[] row in rows)
        {
            ConfigKey? key = table.Find(row[0]);
            Assert.True(key is not null, row[0]);
            Assert.Equal(row[1], key.Type.ToString().ToUpperInvariant());
            string shown = key.Required ? "(required)" : key.Default is null ? "null"
                : key.Type == ConfigType.List ? "[" + key.Default.Replace(",", ", ") + "]" : key.Default;
            Assert.Equal(row[2], shown);
            if (row[3] is not ("-" or "" or "non-empty list")) Assert.Equal(row[3], key.Validator?.ToString());
            if (row[3] == "-") Assert.Null(key.Validator);
            Assert.Equal(row[4], key.Importance.ToString().ToUpperInvariant());
            Assert.Equal(row[5] == "true", key.Internal);
            if (scope != "broker") continue;
            string mode = key.Scope switch
            {
                DynamicScope.ReadOnly => "read-only",
                DynamicScope.PerBroker => "per-broker",
                _ => "cluster-wide",
            };
            Assert.Equal(row[6], mode);
        }
        int ours = table.Keys.Count(static key => key.Name.StartsWith("moldau.", StringComparison.Ordinal));
        Assert.Equal(rows.Count, table.Keys.Count - ours);
    }

    [Fact]
    public void Defaults_AreValid_AndUsedPropertiesAreDocumented()
    {
        foreach (string scope in new[] { "broker", "topic", "group", "client-metrics" })
            foreach (ConfigKey key in TableOf(scope).Keys)
            {
                if (key.Usage == Usage.Used) Assert.NotEmpty(key.Doc);
                if (key.Required || key.Default is null) continue;
                Assert.True(ConfigValue.TryParse(key, key.Default, out object? value, out string? error), error);
                Assert.Equal(key.Default, ConfigValue.Format(value));
            }
    }

    [Fact]
    public void Values_AreRefusedWithKafkasWords()
    {
        foreach (string[] row in TestData.Read("value-rules.tsv", hasHeader: false))
        {
            ConfigKey key = TableOf(row[0])[row[1]];
            string? text = row[2] == "\\0" ? null : row[2];
            bool isValid = ConfigValue.TryParse(key, text, out _, out string? error);
            Assert.True((isValid ? "ok" : error) == row[3],
                $"{row[1]}={row[2]}: wanted {row[3]} but got {error ?? "ok"}");
        }
    }

    [Theory]
    [InlineData("0.5", "0.5")]
    [InlineData("1.7976931348623157E308", "1.7976931348623157E308")]
    [InlineData("1e-4", "1.0E-4")]
    [InlineData("123456.25d", "123456.25")]
    [InlineData("1e7", "1.0E7")]
    [InlineData("12345678", "1.2345678E7")]
    [InlineData("9999999", "9999999.0")]
    [InlineData("0.001", "0.001")]
    [InlineData("-2", "-2.0")]
    [InlineData("0", "0.0")]
    [InlineData("NaN", "NaN")]
    public void Doubles_ArePrintedAsJavaPrintsThem(string text, string shown)
    {
        Assert.True(ConfigValue.TryParseType("x", text, ConfigType.Double, out object? value, out string? error),
            error);
        Assert.Equal(shown, ConfigValue.Format(value));
    }
}
