using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>The last thing that a member of any kind of group says. Whatever becomes of it, leaving goes on.</summary>
internal static class LeaveCall
{
    private static readonly Duration _timeout = Duration.FromSeconds(5);

    public static void Start<TRequest, TResponse>(
        ClientMachine machine, CallTarget coordinator, Func<short, TRequest> request, Action<ClientTurn> left, ClientTurn turn)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse>
    {
        ClientCall<TRequest, TResponse> call = new(
            coordinator,
            request,
            (_, now) =>
            {
                left(now);
                return CallOutcome.Done;
            },
            (_, now) => left(now))
        {
            Deadline = turn.Now + _timeout,
            MayRepeat = false,
        };
        machine.Calls.Start(call, turn);
    }
}
