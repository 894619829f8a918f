using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class DescribeGroupsHandler : ApiHandler<ShardMachine, DescribeGroupsRequest>
{
    protected override void Handle(DescribeGroupsRequest body, RequestContext request, ShardMachine machine)
    {
        DescribeGroupsResponse response = new();
        DescribeGroupsResponse.DescribedGroup[] described = new DescribeGroupsResponse.DescribedGroup[body.Groups.Count];
        int left = body.Groups.Count;
        if (left == 0) request.Respond(response);
        for (int i = 0; i < described.Length; i++)
        {
            int index = i;
            string id = body.Groups[i];
            machine.CallCoordinator(
                id,
                (shard, done) => shard.Describe(id, request.Version, done),
                error => new DescribeGroupsResponse.DescribedGroup { GroupId = id, ErrorCode = (short)error },
                (DescribeGroupsResponse.DescribedGroup group) =>
                {
                    if (body.IncludeAuthorizedOperations && group.ErrorCode == 0)
                        group.AuthorizedOperations = AuthorizedOperations.OfGroup;
                    described[index] = group;
                    if (--left > 0) return;
                    response.Groups.AddRange(described);
                    request.Respond(response);
                });
        }
    }
}
