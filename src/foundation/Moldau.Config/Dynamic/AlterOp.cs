namespace Moldau.Config;

/// <summary>What IncrementalAlterConfigs does to one property; the numbers are those of the protocol.</summary>
public enum AlterOp : sbyte
{
    Set = 0,
    Delete = 1,
    Append = 2,
    Subtract = 3,
}

/// <summary>One wanted change.</summary>
public readonly record struct ConfigOp(string Name, AlterOp Op, string? Value);

/// <summary>How a change was refused; the numbers are the protocol's error codes.</summary>
public enum ConfigErrorKind : short
{
    None = 0,
    InvalidTopic = 17,
    InvalidConfig = 40,
    InvalidRequest = 42,
}

/// <summary>The answer to a change of one resource.</summary>
/// <param name="Message">The text for the client; null when there is no error.</param>
/// <param name="Values">All properties of the resource after the change; unchanged after an error.</param>
public sealed record AlterResult(ConfigErrorKind Error, string? Message, IReadOnlyDictionary<string, string> Values)
{
    public bool IsAccepted => Error == ConfigErrorKind.None;
}
