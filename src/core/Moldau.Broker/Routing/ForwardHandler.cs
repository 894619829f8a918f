using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>An API that the controller answers: the broker passes it on and the answer back.</summary>
internal sealed class ForwardHandler<TRequest> : ApiHandler<ShardMachine, TRequest>
    where TRequest : class, IRequest, IMessage<TRequest>
{
    protected override void Handle(TRequest body, RequestContext request, ShardMachine machine) =>
        machine.CallController(body, request.Version, request.Respond, request.Connection.Info.ListenerName);
}
