namespace Moldau.Config;

/// <summary>The effective configuration of one group: its own properties, then what the broker says, then
/// defaults.</summary>
public sealed partial class GroupConfig(ConfigValues values)
{
    public static bool TryBuild(IReadOnlyDictionary<string, string> overrides, BrokerConfig broker,
        out GroupConfig? config, ICollection<string> errors)
    {
        ConfigValues? values = GroupRules.Validate(overrides, broker, errors);
        config = values is null ? null : new GroupConfig(values);
        return config is not null;
    }

    /// <summary>What a group without properties of its own has.</summary>
    public static GroupConfig Default(BrokerConfig broker)
    {
        ConfigValues? values = GroupRules.Validate(new Dictionary<string, string>(), broker, []);
        Base.Verify.That(values is not null);
        return new GroupConfig(values);
    }
}
