using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A broker refused something, or could not be reached.</summary>
public sealed class MoldauException : Exception
{
    /// <summary>Makes the exception of an error.</summary>
    public MoldauException(ClientError error)
        : base(error.Text) => (Error, IsRetriable) = (error.Code, error.IsRetriable);

    /// <summary>Kafka's error code.</summary>
    public ErrorCode Error { get; }

    /// <summary>Kafka's name of the error, such as <c>UNKNOWN_TOPIC_OR_PARTITION</c>.</summary>
    public string ErrorName => Error.KafkaName();

    /// <summary>True where the same request may succeed later.</summary>
    public bool IsRetriable { get; }
}
