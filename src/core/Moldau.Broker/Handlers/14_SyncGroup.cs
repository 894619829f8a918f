using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class SyncGroupHandler : GroupHandler<SyncGroupRequest, SyncGroupResponse>
{
    protected override string GroupIdOf(SyncGroupRequest body) => body.GroupId;

    protected override void Run(
        GroupShard shard, SyncGroupRequest body, short version, GroupCaller caller, Action<SyncGroupResponse> done)
    {
        // From version 5 on both names are required (KIP-559).
        if (version >= 5 && (body.ProtocolType is null || body.ProtocolName is null))
            done(Failed(body, version, ErrorCode.InconsistentGroupProtocol));
        else
            shard.Sync(body, version, done);
    }

    protected override SyncGroupResponse Failed(SyncGroupRequest body, short version, ErrorCode error) =>
        new() { ErrorCode = (short)error };
}
