using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>Gives brokers blocks of producer ids.</summary>
internal sealed class ProducerIdControl(ControllerContext context)
{
    public const int BlockSize = 1_000;

    public ControllerResult<AllocateProducerIdsResponse> Allocate(AllocateProducerIdsRequest request)
    {
        ControllerError stale = context.CheckBrokerEpoch(request.BrokerId, request.BrokerEpoch);
        if (stale.IsFailure) return new(new AllocateProducerIdsResponse { ErrorCode = stale.CodeNumber }, []);
        long first = Math.Max(0, context.Image.NextProducerId);
        if (first > long.MaxValue - BlockSize)
            return new(new AllocateProducerIdsResponse { ErrorCode = (short)ErrorCode.UnknownServerError }, []);
        var record = new ProducerIdsRecord
        {
            BrokerId = request.BrokerId,
            BrokerEpoch = request.BrokerEpoch,
            NextProducerId = first + BlockSize,
        };
        var response = new AllocateProducerIdsResponse { ProducerIdStart = first, ProducerIdLen = BlockSize };
        return new(response, [new MetadataRecord(record, 0)]);
    }
}
