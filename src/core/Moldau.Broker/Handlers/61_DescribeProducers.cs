using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>DescribeProducers: the idempotent and transactional producers that a partition's log remembers.</summary>
internal sealed class DescribeProducersHandler : ApiHandler<ShardMachine, DescribeProducersRequest>
{
    protected override void Handle(DescribeProducersRequest body, RequestContext request, ShardMachine machine)
    {
        DescribeProducersResponse response = new();
        List<DescribeProducersResponse.PartitionResponse> pending = [];
        FanOut<TopicIdPartition, (ErrorCode Error, List<DescribeProducersResponse.ProducerState> Producers)> fan = new(
            (owner, item, done) => owner.Replicas.DescribeProducers(item, done),
            results =>
            {
                for (int i = 0; i < results.Length; i++)
                {
                    pending[i].ErrorCode = (short)results[i].Error;
                    pending[i].ActiveProducers = results[i].Producers;
                }

                request.Respond(response);
            });
        foreach (DescribeProducersRequest.TopicRequest topic in body.Topics)
        {
            TopicImage? image = machine.Image.Topics.Find(topic.Name);
            DescribeProducersResponse.TopicResponse answer = new() { Name = topic.Name };
            response.Topics.Add(answer);
            foreach (int p in topic.PartitionIndexes)
            {
                DescribeProducersResponse.PartitionResponse partition = new() { PartitionIndex = p };
                answer.Partitions.Add(partition);
                if (TopicNames.Check(topic.Name) is not null) partition.ErrorCode = (short)ErrorCode.InvalidTopicException;
                else if (image?.Partition(p) is null)
                {
                    partition.ErrorCode = (short)ErrorCode.UnknownTopicOrPartition;
                    if (image is null) partition.ErrorMessage = $"There is no topic {topic.Name}.";
                }
                else
                {
                    TopicIdPartition id = new(image.Id, p);
                    pending.Add(partition);
                    fan.Add(machine.Map.OwnerOf(id), id);
                }
            }
        }

        fan.Start(machine);
    }
}
