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
    public static ClientOperation<T> Start<TRequest, TResponse, T>(
        ClientMachine machine,
        ClientTurn turn,
        CallTarget target,
        Func<short, TRequest> build,
        Func<TResponse, ClientOperation<T>, ClientTurn, CallOutcome> take,
        Duration? timeout = null)
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
            Deadline = turn.Now + (timeout ?? machine.Settings.ApiTimeout),
        };
        if (target.Kind == CallTargetKind.Controller) machine.Metadata.Refresh(turn);
        machine.Calls.Start(call, turn);
        return operation;
    }
}
