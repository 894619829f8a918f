namespace Moldau.Config;

/// <summary>Type of a property; the numbers are those of DescribeConfigs.</summary>
public enum ConfigType : byte
{
    Unknown = 0,
    Boolean = 1,
    String = 2,
    Int = 3,
    Short = 4,
    Long = 5,
    Double = 6,
    List = 7,
    Class = 8,
    Password = 9,
}

/// <summary>How much a property matters to whoever reads the documentation.</summary>
public enum ConfigImportance : byte
{
    High,
    Medium,
    Low,
}

/// <summary>Where a broker property may be changed while the node runs.</summary>
public enum DynamicScope : byte
{
    ReadOnly,
    PerBroker,
    ClusterWide,
}

/// <summary>Whether this version of the node acts on a property or only knows that it exists.</summary>
public enum Usage : byte
{
    Used,
    NotYet,
}

/// <summary>Where an effective value came from; the numbers are those of DescribeConfigs.</summary>
public enum ConfigSource : sbyte
{
    Unknown = 0,
    Topic = 1,
    DynamicBroker = 2,
    DynamicDefaultBroker = 3,
    StaticBroker = 4,
    Default = 5,
    DynamicBrokerLogger = 6,
    ClientMetrics = 7,
    Group = 8,
}

/// <summary>Kinds of resources that have configuration; the numbers are those of DescribeConfigs.</summary>
public enum ConfigResourceType : sbyte
{
    Unknown = 0,
    Topic = 2,
    Broker = 4,
    BrokerLogger = 8,
    ClientMetrics = 16,
    Group = 32,
}

/// <summary>One property of a table: everything that is known about it before any value is set.</summary>
/// <param name="Name">The name in files and on the wire.</param>
/// <param name="Default">The default as text; null is Kafka's "null" unless <paramref name="Required"/>.</param>
/// <param name="Required">There is no default: the node does not start without a value.</param>
/// <param name="Internal">Accepted, but not shown by DescribeConfigs unless it is set.</param>
/// <param name="Doc">One line of our own; empty while the node does not use the property.</param>
public sealed record ConfigKey(
    string Name,
    ConfigType Type,
    string? Default,
    ConfigValidator? Validator,
    ConfigImportance Importance,
    DynamicScope Scope,
    Usage Usage,
    bool Required,
    bool Internal,
    string Doc)
{
    public bool IsSensitive => Type == ConfigType.Password;
}
