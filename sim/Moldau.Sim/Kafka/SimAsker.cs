using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>A client with one request in flight at a time. A request without an answer is lost: the client is told, and
/// does not know whether it was carried out.</summary>
internal abstract class SimAsker(SimWorld world, SimNode node, string name, string listener = SimClient.BrokerListener)
    : SimClient(world, node, name, listener)
{
    private Action? _lost;

    protected bool IsBusy { get; private set; }

    protected override void OnBroken()
    {
        Action? lost = _lost;
        (IsBusy, _lost) = (false, null);
        lost?.Invoke();
    }

    /// <param name="request">What is asked.</param>
    /// <param name="version">Its version.</param>
    /// <param name="done">Gets the answer.</param>
    /// <param name="lost">Called instead where none will come.</param>
    protected void Ask<TRequest, TResponse>(TRequest request, int version, Action<TResponse> done, Action? lost = null)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse>
    {
        IsBusy = true;
        _lost = lost;
        Send<TRequest, TResponse>(request, version, response =>
        {
            (IsBusy, _lost) = (false, null);
            done(response);
        });
    }
}
