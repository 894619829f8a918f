using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class DeleteGroupsHandler : ApiHandler<ShardMachine, DeleteGroupsRequest>
{
    protected override void Handle(DeleteGroupsRequest body, RequestContext request, ShardMachine machine)
    {
        DeleteGroupsResponse response = new();
        ErrorCode[] errors = new ErrorCode[body.GroupsNames.Count];
        int left = errors.Length;
        if (left == 0) request.Respond(response);
        for (int i = 0; i < errors.Length; i++)
        {
            int index = i;
            string id = body.GroupsNames[i];
            machine.CallCoordinator(id, (shard, done) => shard.Delete(id, done), error => error, (ErrorCode error) =>
            {
                errors[index] = error;
                if (--left > 0) return;
                for (int k = 0; k < errors.Length; k++)
                    response.Results.Add(new() { GroupId = body.GroupsNames[k], ErrorCode = (short)errors[k] });
                request.Respond(response);
            });
        }
    }
}
