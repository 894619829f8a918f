using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Requests as they are, for tools that show more of an answer than the administration does. Links, versions and
/// retries are the client's.</summary>
internal static class RawCalls
{
    /// <summary>One request, one answer, whatever its error codes say.</summary>
    /// <param name="client">The client of the cluster.</param>
    /// <param name="target">Who answers.</param>
    /// <param name="build">The request in a version.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">Nobody answered, or the broker does not have the request.</exception>
    public static Task<TResponse> AskAsync<TRequest, TResponse>(
        this MoldauClient client, CallTarget target, Func<short, TRequest> build, CancellationToken cancel)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse> =>
        client.Driver.WaitAsync(
            (target, build),
            static (machine, turn, s) => AdminCalls.Start<TRequest, TResponse, TResponse>(
                machine, turn, s.target, s.build,
                static (answer, operation, now) =>
                {
                    operation.TrySucceed(answer, now);
                    return CallOutcome.Done;
                }),
            cancel);
}
