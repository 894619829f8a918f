using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>ListGroups: every coordinator shard of this node answers for its groups.</summary>
internal sealed class ListGroupsHandler : ApiHandler<ShardMachine, ListGroupsRequest>
{
    protected override void Handle(ListGroupsRequest body, RequestContext request, ShardMachine machine)
    {
        FanOut<int, (ErrorCode Error, List<ListGroupsResponse.ListedGroup> Groups)> fan = new(
            (owner, partition, done) =>
            {
                ErrorCode error = owner.Coordinators.TryGet(partition, out GroupShard? shard);
                if (error != ErrorCode.None) done((error, []));
                else shard!.List(body.StatesFilter, body.TypesFilter, (e, groups) => done((e, groups)));
            },
            lists => request.Respond(Response(lists)));
        foreach ((int partition, MachineId owner) in machine.CoordinatorPartitions()) fan.Add(owner, partition);
        fan.Start(machine);
    }

    /// <summary>A partition that moved away has no groups here; any other error is that of the whole answer.</summary>
    private static ListGroupsResponse Response((ErrorCode Error, List<ListGroupsResponse.ListedGroup> Groups)[] lists)
    {
        ListGroupsResponse response = new();
        foreach ((ErrorCode error, List<ListGroupsResponse.ListedGroup> groups) in lists)
        {
            if (error is not (ErrorCode.None or ErrorCode.NotCoordinator)) response.ErrorCode = (short)error;
            response.Groups.AddRange(groups);
        }

        if (response.ErrorCode != 0) response.Groups.Clear();
        return response;
    }
}
