using Moldau.Coordination;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class OffsetDeleteHandler : ApiHandler<ShardMachine, OffsetDeleteRequest>
{
    protected override void Handle(OffsetDeleteRequest body, RequestContext request, ShardMachine machine)
    {
        if (body.GroupId.Length == 0)
        {
            request.Respond(new OffsetDeleteResponse { ErrorCode = (short)ErrorCode.InvalidGroupId });
            return;
        }

        MetadataImage image = machine.Image;
        machine.CallCoordinator(
            body.GroupId,
            (shard, done) => shard.DeleteOffsets(body, p => image.Topics.Find(p.Topic)?.Partition(p.Partition) is not null, done),
            error => new OffsetDeleteResponse { ErrorCode = (short)error },
            (OffsetDeleteResponse response) => request.Respond(response));
    }
}
