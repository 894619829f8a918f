namespace Moldau.Config;

/// <summary>The words in which the tables are written.</summary>
internal static class Rows
{
    public const ConfigImportance High = ConfigImportance.High;
    public const ConfigImportance Medium = ConfigImportance.Medium;
    public const ConfigImportance Low = ConfigImportance.Low;
    public const DynamicScope Fixed = DynamicScope.ReadOnly;
    public const DynamicScope PerBroker = DynamicScope.PerBroker;
    public const DynamicScope Cluster = DynamicScope.ClusterWide;

    public static readonly ConfigValidator NonNull = new NonNullValidator();
    public static readonly ConfigValidator NonEmpty = new NonEmptyValidator();
    public static readonly ConfigValidator GzipLevel = new GzipLevelValidator();
    public static readonly ConfigValidator Distinct = new ListValidator(mayBeEmpty: true, mayBeNull: false);
    public static readonly ConfigValidator DistinctNotEmpty = new ListValidator(mayBeEmpty: false, mayBeNull: false);
    public static readonly ConfigValidator DistinctOrNull = new ListValidator(mayBeEmpty: true, mayBeNull: true);
    public static readonly ConfigValidator DistinctNotEmptyOrNull =
        new ListValidator(mayBeEmpty: false, mayBeNull: true);
    public static readonly ConfigValidator HostPorts = new HostPortListValidator();
    public static readonly ConfigValidator Voters = new VotersValidator();
    public static readonly ConfigValidator ThrottledReplicas = new ThrottledReplicasValidator();
    public static readonly ConfigValidator OffsetReset = new OffsetResetValidator();

    public static ConfigValidator AtLeast(string min) => new RangeValidator(min, null);

    public static ConfigValidator Between(string min, string max) => new RangeValidator(min, max);

    public static ConfigValidator OneOf(params string[] words) => new OneOfValidator(ignoreCase: false, words);

    public static ConfigValidator OneOfAnyCase(params string[] words) => new OneOfValidator(ignoreCase: true, words);

    public static ConfigValidator ListOf(params string[] words) =>
        new ListValidator(mayBeEmpty: true, mayBeNull: false, words);

    public static ConfigValidator NotEmptyListOf(params string[] words) =>
        new ListValidator(mayBeEmpty: false, mayBeNull: false, words);

    /// <summary>A property that the node acts on.</summary>
    public static ConfigKey Used(string name, ConfigType type, string? value, ConfigValidator? rule,
        ConfigImportance importance, DynamicScope scope, string doc) =>
        new(name, type, value, rule, importance, scope, Usage.Used, Required: false, Internal: false, doc);

    /// <summary>A property that is known, checked and shown, and has no effect yet.</summary>
    public static ConfigKey Known(string name, ConfigType type, string? value, ConfigValidator? rule,
        ConfigImportance importance, DynamicScope scope) =>
        new(name, type, value, rule, importance, scope, Usage.NotYet, Required: false, Internal: false, Doc: "");

    public static ConfigKey AsInternal(this ConfigKey key) => key with { Internal = true };

    public static ConfigKey AsRequired(this ConfigKey key) => key with { Required = true };
}
