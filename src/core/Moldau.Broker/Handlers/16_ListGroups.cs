using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>ListGroups: every coordinator shard of this node answers for its groups.</summary>
internal sealed class ListGroupsHandler : ApiHandler<ShardMachine, ListGroupsRequest>
{
    protected override void Handle(ListGroupsRequest body, RequestContext request, ShardMachine machine)
    {
        FanOut<int, List<ListGroupsResponse.ListedGroup>?> fan = new(
            (owner, partition, done) =>
            {
                ErrorCode error = owner.Coordinators.TryGet(partition, out GroupShard? shard);
                if (error == ErrorCode.None) shard!.List(body.StatesFilter, body.TypesFilter, done);
                else done(error == ErrorCode.CoordinatorLoadInProgress ? null : []);
            },
            lists => request.Respond(Response(lists)));
        foreach ((int partition, MachineId owner) in machine.CoordinatorPartitions()) fan.Add(owner, partition);
        fan.Start(machine);
    }

    private static ListGroupsResponse Response(List<ListGroupsResponse.ListedGroup>?[] lists)
    {
        ListGroupsResponse response = new();
        foreach (List<ListGroupsResponse.ListedGroup>? list in lists)
        {
            if (list is null) response.ErrorCode = (short)ErrorCode.CoordinatorLoadInProgress;
            else response.Groups.AddRange(list);
        }

        if (response.ErrorCode != 0) response.Groups.Clear();
        return response;
    }
}
