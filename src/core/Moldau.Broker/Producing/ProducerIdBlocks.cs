using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Hands out producer ids from blocks that the controller allocates (KIP-730): a block is used by one shard, so
/// that ids need no agreement among shards.</summary>
internal sealed class ProducerIdBlocks(ShardMachine shard)
{
    private readonly Queue<Action<ErrorCode, long>> _waiting = new();
    private long _next;
    private long _end;

    public void Take(Action<ErrorCode, long> done)
    {
        if (_next < _end)
        {
            done(ErrorCode.None, _next++);
            return;
        }

        _waiting.Enqueue(done);
        if (_waiting.Count > 1) return;
        AllocateProducerIdsRequest request = new()
        {
            BrokerId = shard.Options.NodeId,
            BrokerEpoch = shard.Image.Cluster.Broker(shard.Options.NodeId)?.Epoch ?? -1,
        };
        shard.CallController(request, 0, answer => OnBlock((AllocateProducerIdsResponse)answer));
    }

    private void OnBlock(AllocateProducerIdsResponse block)
    {
        if (block.ErrorCode == 0)
        {
            _next = block.ProducerIdStart;
            _end = block.ProducerIdStart + block.ProducerIdLen;
        }

        int count = _waiting.Count;
        for (int i = 0; i < count; i++)
        {
            Action<ErrorCode, long> done = _waiting.Dequeue();
            // As in Apache Kafka the client is told to come back while no block can be had.
            if (block.ErrorCode != 0) done(ErrorCode.CoordinatorLoadInProgress, -1);
            else Take(done);
        }
    }
}
