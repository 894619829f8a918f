using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>The shape that administrative operations share: one call, one result, all retries within
/// <see cref="ClientSettings.ApiTimeout"/>.</summary>
internal static class AdminCalls
{
    /// <summary>Starts a call whose answer becomes the operation's result.</summary>
    /// <param name="machine">The client.</param>
    /// <param name="turn">The step under way.</param>
    /// <param name="target">Who answers.</param>
    /// <param name="build">The request in a version.</param>
    /// <param name="take">Ends the operation with the answer, or says that it is to be sent again.</param>
    /// <param name="timeout">How long all attempts may take; null for the client's default.</param>
    /// <param name="from">The lowest version that can say what is asked: a broker without it fails the operation with
    /// <see cref="ErrorCode.UnsupportedVersion"/>.</param>
    public static ClientOperation<T> Start<TRequest, TResponse, T>(
        ClientMachine machine,
        ClientTurn turn,
        CallTarget target,
        Func<short, TRequest> build,
        Func<TResponse, ClientOperation<T>, ClientTurn, CallOutcome> take,
        Duration? timeout = null,
        short from = 0)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse>
    {
        ClientOperation<T> operation = new();
        ClientCall<TRequest, TResponse> call = new(
            target,
            build,
            (answer, now) => take(answer, operation, now),
            (error, now) => operation.TryFail(error, now))
        {
            From = Math.Max(from, ApiTable.Get(TRequest.ApiKey).LowestVersion),
            Deadline = turn.Now + (timeout ?? machine.Settings.ApiTimeout),
        };
        if (target.Kind == CallTargetKind.Controller) machine.Metadata.Refresh(turn);
        machine.Calls.Start(call, turn);
        return operation;
    }

    /// <summary>What passes by itself: the call goes again. Null for an error that stays, and for none.</summary>
    public static CallOutcome? Again(ErrorCode code) => code switch
    {
        ErrorCode.NotController or ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable
            or ErrorCode.NotLeaderOrFollower or ErrorCode.BrokerNotAvailable => CallOutcome.RetryElsewhere,
        ErrorCode.CoordinatorLoadInProgress or ErrorCode.ConcurrentTransactions or ErrorCode.ThrottlingQuotaExceeded
            or ErrorCode.UnstableOffsetCommit => CallOutcome.Retry,
        _ => null,
    };

    /// <summary>Takes the error of a whole answer: null where there is none; else the operation has failed, or the call
    /// goes again.</summary>
    public static CallOutcome? Refused<T>(
        short wire, string? text, string what, ClientOperation<T> operation, ClientTurn turn)
    {
        ErrorCode code = ErrorCodes.FromWire(wire);
        if (code == ErrorCode.None) return null;
        if (Again(code) is { } again) return again;
        operation.TryFail(ClientError.Of(code, text, what), turn);
        return CallOutcome.Done;
    }

    /// <summary>The error of one item of an answer; null where there is none.</summary>
    public static ClientError? Error(short wire, string? text, string what)
    {
        ErrorCode code = ErrorCodes.FromWire(wire);
        return code == ErrorCode.None ? null : ClientError.Of(code, text, what);
    }

    /// <summary>An answer without the one thing that was asked about: the operation has failed.</summary>
    public static CallOutcome Lacking<T>(ClientOperation<T> operation, ClientTurn turn)
    {
        operation.TryFail(new ClientError(ErrorCode.UnknownServerError, "the broker's answer says nothing of what was asked about"), turn);
        return CallOutcome.Done;
    }

    /// <summary>Ends an operation well.</summary>
    public static CallOutcome Done<T>(ClientOperation<T> operation, T result, ClientTurn turn)
    {
        operation.TrySucceed(result, turn);
        return CallOutcome.Done;
    }
}
