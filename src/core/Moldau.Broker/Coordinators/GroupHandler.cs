using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>A request that one group's coordinator answers.</summary>
internal abstract class GroupHandler<TRequest, TResponse> : ApiHandler<ShardMachine, TRequest>
    where TRequest : class, IRequest, IMessage<TRequest>
    where TResponse : class, IResponse
{
    protected override void Handle(TRequest body, RequestContext request, ShardMachine machine)
    {
        GroupCaller caller = new(request.ClientId ?? "", "/" + request.Connection.Info.PeerAddress);
        machine.CallCoordinator(
            GroupIdOf(body),
            (shard, done) => Run(shard, body, request.Version, caller, done),
            error => Failed(body, request.Version, error),
            (TResponse response) => request.Respond(response));
    }

    protected abstract string GroupIdOf(TRequest body);

    protected abstract void Run(
        GroupShard shard, TRequest body, short version, GroupCaller caller, Action<TResponse> done);

    protected abstract TResponse Failed(TRequest body, short version, ErrorCode error);
}
