using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli;

/// <summary>An error of the cluster for people: one sentence, Kafka's name of it, and what to try.</summary>
internal static class ErrorText
{
    public static string Of(ErrorCode code, string text)
    {
        string sentence = Named(code, text);
        return Advice(code) is { } advice ? $"{sentence}; {advice}" : sentence;
    }

    /// <summary>An error that is final says itself what to change.</summary>
    public static string Of(ClientError error) =>
        error.IsFinal ? Named(error.Code, error.Text) : Of(error.Code, error.Text);

    /// <inheritdoc cref="Of(ClientError)"/>
    public static string Of(MoldauException error) =>
        error.IsRetriable == error.Error.IsRetriable() ? Of(error.Error, error.Message) : Named(error.Error, error.Message);

    public static int ExitCode(ErrorCode code) => code switch
    {
        ErrorCode.UnknownTopicOrPartition or ErrorCode.UnknownTopicId or ErrorCode.GroupIdNotFound
            or ErrorCode.ResourceNotFound or ErrorCode.BrokerIdNotRegistered or ErrorCode.TransactionalIdNotFound
            or ErrorCode.VoterNotFound or ErrorCode.UnknownMemberId => ExitCodes.NotFound,
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
            or ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.SaslAuthenticationFailed => ExitCodes.Denied,
        ErrorCode.NetworkException or ErrorCode.RequestTimedOut or ErrorCode.LeaderNotAvailable
            or ErrorCode.CoordinatorNotAvailable or ErrorCode.BrokerNotAvailable => ExitCodes.Unreachable,
        _ => ExitCodes.Failed,
    };

    private static string Named(ErrorCode code, string text)
    {
        string name = code.KafkaName();
        string sentence = text.TrimEnd('.', '\n');
        return sentence.Contains(name, StringComparison.Ordinal) ? sentence : $"{sentence} ({name})";
    }

    private static string? Advice(ErrorCode code) => code switch
    {
        ErrorCode.UnknownTopicOrPartition => "'moldau topic list' shows what there is",
        ErrorCode.GroupIdNotFound => "'moldau group list' shows what there is",
        ErrorCode.TopicAlreadyExists => "--if-not-exists takes it as it is",
        ErrorCode.TransactionalIdNotFound => "'moldau txn list' shows what there is",
        ErrorCode.SecurityDisabled => "the brokers need authorizer.class.name",
        ErrorCode.UnsupportedVersion => "the cluster does not offer it",
        ErrorCode.NonEmptyGroup => "stop its members first",
        ErrorCode.GroupSubscribedToTopic => "stop the members that read it first",
        ErrorCode.InvalidReplicationFactor => "'moldau broker list' shows how many brokers there are",
        ErrorCode.InvalidConfig => "'moldau config get' shows the properties and their values",
        ErrorCode.MessageTooLarge => "raise max.request.size with -X, and max.message.bytes of the topic",
        ErrorCode.NetworkException or ErrorCode.RequestTimedOut => "name another broker with -b, or wait longer with --timeout",
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed =>
            "ask for the right, or use another user",
        _ => null,
    };
}
