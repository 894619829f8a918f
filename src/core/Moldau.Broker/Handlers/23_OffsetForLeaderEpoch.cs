using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>OffsetForLeaderEpoch: where an epoch ends on this leader (KIP-101, KIP-320).</summary>
internal sealed class OffsetForLeaderEpochHandler : ApiHandler<ShardMachine, OffsetForLeaderEpochRequest>
{
    protected override void Handle(OffsetForLeaderEpochRequest body, RequestContext request, ShardMachine machine)
    {
        OffsetForLeaderEpochResponse response = new();
        List<OffsetForLeaderEpochResponse.EpochEndOffset> pending = [];
        FanOut<(TopicIdPartition Partition, int Current, int Asked), (ErrorCode Error, int Epoch, long End)> fan = new(
            (owner, item, done) => owner.Replicas.EndOffsetForEpoch(item.Partition, item.Current, item.Asked, done),
            results =>
            {
                for (int i = 0; i < results.Length; i++)
                {
                    pending[i].ErrorCode = (short)results[i].Error;
                    pending[i].LeaderEpoch = results[i].Epoch;
                    pending[i].EndOffset = results[i].End;
                }

                request.Respond(response);
            });
        foreach (OffsetForLeaderEpochRequest.OffsetForLeaderTopic topic in body.Topics)
        {
            TopicImage? image = machine.Image.Topics.Find(topic.Topic);
            OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult answer = new() { Topic = topic.Topic };
            response.Topics.Add(answer);
            foreach (OffsetForLeaderEpochRequest.OffsetForLeaderPartition p in topic.Partitions)
            {
                OffsetForLeaderEpochResponse.EpochEndOffset end = new() { Partition = p.Partition, LeaderEpoch = -1, EndOffset = -1 };
                answer.Partitions.Add(end);
                if (image?.Partition(p.Partition) is null)
                {
                    end.ErrorCode = (short)ErrorCode.UnknownTopicOrPartition;
                    continue;
                }

                TopicIdPartition id = new(image.Id, p.Partition);
                pending.Add(end);
                fan.Add(machine.Map.OwnerOf(id), (id, p.CurrentLeaderEpoch, p.LeaderEpoch));
            }
        }

        fan.Start(machine);
    }
}
