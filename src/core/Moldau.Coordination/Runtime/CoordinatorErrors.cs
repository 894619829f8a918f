using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>What clients of a coordinator are told of its log's errors: they know no log behind it. The table is that
/// of Apache Kafka 4.4; other codes pass unchanged.</summary>
internal static class CoordinatorErrors
{
    public static ErrorCode ForClient(ErrorCode logError) => logError switch
    {
        ErrorCode.UnknownTopicOrPartition or ErrorCode.NotEnoughReplicas or ErrorCode.RequestTimedOut
            => ErrorCode.CoordinatorNotAvailable,
        ErrorCode.NotLeaderOrFollower or ErrorCode.KafkaStorageError => ErrorCode.NotCoordinator,
        ErrorCode.MessageTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidFetchSize
            => ErrorCode.UnknownServerError,
        _ => logError,
    };

    /// <summary>Consumers before 3.9 take COORDINATOR_NOT_AVAILABLE in an OffsetFetch for final; they find the
    /// coordinator again after NOT_COORDINATOR.</summary>
    public static ErrorCode ForOffsetFetch(ErrorCode logError) =>
        ForClient(logError) == ErrorCode.CoordinatorNotAvailable ? ErrorCode.NotCoordinator : ForClient(logError);
}
