using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>A request for the controller, forwarded by a shard on behalf of a client or of the broker itself.</summary>
internal sealed class ControllerCall(ApiKey api, IMessage request, short version, string listenerName, Action<IMessage> done)
    : MachineCall
{
    private IMessage? _response;

    public ApiKey Api { get; } = api;

    public IMessage Request { get; } = request;

    public short Version { get; } = version;

    /// <summary>The listener the client came in on.</summary>
    public string ListenerName { get; } = listenerName;

    public override void RunAt(Machine owner) => ((ControlMachine)owner).Serve(Api, Request, Version, response =>
    {
        _response = response;
        owner.Return(this);
    });

    public override void ReturnedTo(Machine origin) => done(_response!);
}
