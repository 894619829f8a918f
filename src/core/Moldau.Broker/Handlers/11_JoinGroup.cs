using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

internal sealed class JoinGroupHandler : GroupHandler<JoinGroupRequest, JoinGroupResponse>
{
    protected override string GroupIdOf(JoinGroupRequest body) => body.GroupId;

    protected override void Run(
        GroupShard shard, JoinGroupRequest body, short version, GroupCaller caller, Action<JoinGroupResponse> done) =>
        shard.Join(body, version, caller, response => done(Named(response, version)));

    /// <summary>Null names came with version 7; an answer without a protocol carries an empty name before.</summary>
    private static JoinGroupResponse Named(JoinGroupResponse response, short version)
    {
        if (version < 7) response.ProtocolName ??= "";
        else if (response.ErrorCode != 0) response.ProtocolName = null;
        return response;
    }

    protected override JoinGroupResponse Failed(JoinGroupRequest body, short version, ErrorCode error) =>
        Named(new() { ErrorCode = (short)error, MemberId = body.MemberId }, version);
}
