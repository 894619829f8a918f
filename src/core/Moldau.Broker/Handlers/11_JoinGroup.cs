using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class JoinGroupHandler : GroupHandler<JoinGroupRequest, JoinGroupResponse>
{
    protected override string GroupIdOf(JoinGroupRequest body) => body.GroupId;

    protected override void Run(
        GroupShard shard, JoinGroupRequest body, short version, GroupCaller caller, Action<JoinGroupResponse> done) =>
        shard.Join(body, version, caller, response =>
        {
            // Null names came with version 7; an answer without a protocol carries an empty name before.
            if (version < 7) response.ProtocolName ??= "";
            done(response);
        });

    protected override JoinGroupResponse Failed(JoinGroupRequest body, ErrorCode error) =>
        new() { ErrorCode = (short)error, MemberId = body.MemberId, ProtocolName = "" };
}
