using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Texts that go with an error code where nothing more particular is known.</summary>
internal static class KafkaMessages
{
    public static string Of(ErrorCode error) => error switch
    {
        ErrorCode.UnknownTopicOrPartition => "This server does not host this topic-partition.",
        ErrorCode.InvalidTopicException => "The request attempted to perform an operation on an invalid topic.",
        ErrorCode.InvalidRequest => "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.",
        _ => error.KafkaName(),
    };
}
