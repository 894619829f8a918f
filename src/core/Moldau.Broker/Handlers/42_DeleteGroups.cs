using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class DeleteGroupsHandler : ApiHandler<ShardMachine, DeleteGroupsRequest>
{
    protected override void Handle(DeleteGroupsRequest body, RequestContext request, ShardMachine machine)
    {
        DeleteGroupsResponse response = new();
        // A group that is named twice is answered once, as in Apache Kafka.
        string[] ids = [.. body.GroupsNames.Distinct(StringComparer.Ordinal)];
        ErrorCode[] errors = new ErrorCode[ids.Length];
        int left = errors.Length;
        if (left == 0) request.Respond(response);
        for (int i = 0; i < errors.Length; i++)
        {
            int index = i;
            string id = ids[i];
            machine.CallCoordinator(id, (shard, done) => shard.Delete(id, done), error => error, (ErrorCode error) =>
            {
                errors[index] = error;
                if (--left > 0) return;
                for (int k = 0; k < errors.Length; k++)
                    response.Results.Add(new() { GroupId = ids[k], ErrorCode = (short)errors[k] });
                request.Respond(response);
            });
        }
    }
}
