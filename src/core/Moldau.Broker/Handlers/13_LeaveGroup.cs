using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class LeaveGroupHandler : GroupHandler<LeaveGroupRequest, LeaveGroupResponse>
{
    protected override string GroupIdOf(LeaveGroupRequest body) => body.GroupId;

    protected override void Run(
        GroupShard shard, LeaveGroupRequest body, short version, GroupCaller caller, Action<LeaveGroupResponse> done) =>
        shard.Leave(body, version, done);

    protected override LeaveGroupResponse Failed(LeaveGroupRequest body, short version, ErrorCode error) =>
        new() { ErrorCode = (short)error };
}
