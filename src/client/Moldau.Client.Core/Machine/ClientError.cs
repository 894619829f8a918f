using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Why something a client was asked for did not happen.</summary>
/// <param name="Code">Kafka's error code. What goes wrong on the client's side has the code that Kafka's own clients
/// report: <see cref="ErrorCode.NetworkException"/>, <see cref="ErrorCode.RequestTimedOut"/>,
/// <see cref="ErrorCode.UnsupportedVersion"/>.</param>
/// <param name="Text">One sentence for people.</param>
public sealed record ClientError(ErrorCode Code, string Text)
{
    /// <summary>True where trying again cannot help whatever the code says, such as a wrong password or a certificate that
    /// is not trusted.</summary>
    public bool IsFinal { get; init; }

    /// <summary>True where the same request may succeed later.</summary>
    public bool IsRetriable => !IsFinal && Code.IsRetriable();

    /// <summary>An error with what was tried, the broker's own words where it gave any, and the code's name.</summary>
    public static ClientError Of(ErrorCode code, string? serverText, string what) =>
        new(code, serverText is { Length: > 0 } ? $"{what}: {serverText} ({code.KafkaName()})" : $"{what} ({code.KafkaName()})");
}
