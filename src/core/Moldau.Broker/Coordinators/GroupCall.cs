using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Work for the group coordinator of one <c>__consumer_offsets</c> partition, done at the shard that owns
/// it.</summary>
internal sealed class GroupCall<TAnswer>(
    int partition,
    Action<GroupShard, Action<TAnswer>> work,
    Func<ErrorCode, TAnswer> unavailable,
    Action<TAnswer> done) : MachineCall
{
    private TAnswer? _answer;

    public override void RunAt(Machine owner)
    {
        ErrorCode error = ((ShardMachine)owner).Coordinators.TryGet(partition, out GroupShard? shard);
        if (error != ErrorCode.None) Finish(owner, unavailable(error));
        else work(shard!, answer => Finish(owner, answer));
    }

    public override void ReturnedTo(Machine origin) => done(_answer!);

    private void Finish(Machine owner, TAnswer answer)
    {
        _answer = answer;
        owner.Return(this);
    }
}
