using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary>Errors in the words of Kafka's scripts, which name the exceptions of its client.</summary>
internal static class ShimErrors
{
    private const string Package = "org.apache.kafka.common.errors.";

    /// <summary>The exception's class, which runbooks look for.</summary>
    public static string ClassOf(ErrorCode code) => Package + code switch
    {
        ErrorCode.CorruptMessage => "CorruptRecordException",
        ErrorCode.RequestTimedOut => "TimeoutException",
        ErrorCode.MessageTooLarge => "RecordTooLargeException",
        ErrorCode.NetworkException => "NetworkException",
        ErrorCode.InvalidTopicException => "InvalidTopicException",
        ErrorCode.TopicAuthorizationFailed => "TopicAuthorizationException",
        ErrorCode.GroupAuthorizationFailed => "GroupAuthorizationException",
        ErrorCode.ClusterAuthorizationFailed => "ClusterAuthorizationException",
        ErrorCode.TopicAlreadyExists => "TopicExistsException",
        ErrorCode.InvalidConfig => "InvalidConfigurationException",
        ErrorCode.SaslAuthenticationFailed => "SaslAuthenticationException",
        ErrorCode.KafkaStorageError => "KafkaStorageException",
        ErrorCode.NonEmptyGroup => "GroupNotEmptyException",
        ErrorCode.UnknownServerError => "UnknownServerException",
        ErrorCode.DelegationTokenAuthDisabled => "DelegationTokenDisabledException",
        ErrorCode.DelegationTokenRequestNotAllowed => "UnsupportedByAuthenticationException",
        ErrorCode.DelegationTokenAuthorizationFailed => "DelegationTokenAuthorizationException",
        _ => code + "Exception",
    };

    /// <summary>What the broker said, without what the client says around it; Kafka's own text of the error where it said
    /// nothing.</summary>
    public static string TextOf(ClientError error)
    {
        string text = error.Text;
        string end = $" ({error.Code.KafkaName()})";
        if (!text.EndsWith(end, StringComparison.Ordinal)) return text;
        text = text[..^end.Length];
        int colon = text.IndexOf(": ", StringComparison.Ordinal);
        return colon >= 0 ? text[(colon + 2)..] : Default(error.Code) ?? text;
    }

    private static string? Default(ErrorCode code) => code switch
    {
        ErrorCode.UnknownTopicOrPartition => "This server does not host this topic-partition.",
        ErrorCode.GroupIdNotFound => "The group id does not exist.",
        ErrorCode.NonEmptyGroup => "The group is not empty.",
        ErrorCode.OffsetOutOfRange => "The requested offset is not within the range of offsets maintained by the server.",
        ErrorCode.GroupSubscribedToTopic => "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.",
        ErrorCode.ClusterAuthorizationFailed => "Cluster authorization failed.",
        ErrorCode.DelegationTokenAuthDisabled => "Delegation Token feature is not enabled.",
        ErrorCode.DelegationTokenNotFound => "Delegation Token is not found on server.",
        ErrorCode.DelegationTokenOwnerMismatch => "Specified Principal is not valid Owner/Renewer.",
        ErrorCode.DelegationTokenRequestNotAllowed =>
            "Delegation Token requests are not allowed on PLAINTEXT/1-way SSL channels and on delegation token authenticated channels.",
        ErrorCode.DelegationTokenAuthorizationFailed => "Delegation Token authorization failed.",
        ErrorCode.DelegationTokenExpired => "Delegation Token is expired.",
        ErrorCode.InvalidPrincipalType => "Supplied principalType is not supported.",
        _ => null,
    };
}
