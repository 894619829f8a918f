using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class SyncGroupHandler : GroupHandler<SyncGroupRequest, SyncGroupResponse>
{
    protected override string GroupIdOf(SyncGroupRequest body) => body.GroupId;

    protected override void Run(
        GroupShard shard, SyncGroupRequest body, short version, GroupCaller caller, Action<SyncGroupResponse> done) =>
        shard.Sync(body, version, done);

    protected override SyncGroupResponse Failed(SyncGroupRequest body, short version, ErrorCode error) =>
        new() { ErrorCode = (short)error };
}
