using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>DeleteRecords: moves the log start offset; nothing at or above it is touched.</summary>
internal sealed class DeleteRecordsHandler : ApiHandler<ShardMachine, DeleteRecordsRequest>
{
    protected override void Handle(DeleteRecordsRequest body, RequestContext request, ShardMachine machine)
    {
        DeleteRecordsResponse response = new();
        List<DeleteRecordsResponse.DeleteRecordsPartitionResult> pending = [];
        FanOut<(TopicIdPartition Partition, long Offset), (ErrorCode Error, long LowWatermark)> fan = new(
            (owner, item, done) => owner.Replicas.DeleteRecords(item.Partition, item.Offset, done),
            results =>
            {
                for (int i = 0; i < results.Length; i++)
                {
                    pending[i].ErrorCode = (short)results[i].Error;
                    pending[i].LowWatermark = results[i].LowWatermark;
                }

                request.Respond(response);
            });
        foreach (DeleteRecordsRequest.DeleteRecordsTopic topic in body.Topics)
        {
            TopicImage? image = machine.Image.Topics.Find(topic.Name);
            DeleteRecordsResponse.DeleteRecordsTopicResult answer = new() { Name = topic.Name };
            response.Topics.Add(answer);
            foreach (DeleteRecordsRequest.DeleteRecordsPartition p in topic.Partitions)
            {
                DeleteRecordsResponse.DeleteRecordsPartitionResult result = new() { PartitionIndex = p.PartitionIndex, LowWatermark = -1 };
                answer.Partitions.Add(result);
                if (image?.Partition(p.PartitionIndex) is null) result.ErrorCode = (short)ErrorCode.UnknownTopicOrPartition;
                else if (InternalTopics.Contains(topic.Name)) result.ErrorCode = (short)ErrorCode.InvalidTopicException;
                else
                {
                    TopicIdPartition id = new(image.Id, p.PartitionIndex);
                    pending.Add(result);
                    fan.Add(machine.Map.OwnerOf(id), (id, p.Offset));
                }
            }
        }

        fan.Start(machine);
    }
}
