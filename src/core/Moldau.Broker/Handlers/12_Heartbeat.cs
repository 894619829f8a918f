using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class HeartbeatHandler : GroupHandler<HeartbeatRequest, HeartbeatResponse>
{
    protected override string GroupIdOf(HeartbeatRequest body) => body.GroupId;

    protected override void Run(
        GroupShard shard, HeartbeatRequest body, short version, GroupCaller caller, Action<HeartbeatResponse> done) =>
        shard.Heartbeat(body, done);

    /// <summary>A coordinator that is still loading knows no members yet: the heartbeat counts, as in Apache Kafka.</summary>
    protected override HeartbeatResponse Failed(HeartbeatRequest body, short version, ErrorCode error) =>
        new() { ErrorCode = (short)(error == ErrorCode.CoordinatorLoadInProgress ? ErrorCode.None : error) };
}
