using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>InitProducerId for idempotent producers. A transactional one gets a final error.</summary>
internal sealed class InitProducerIdHandler : ApiHandler<ShardMachine, InitProducerIdRequest>
{
    protected override void Handle(InitProducerIdRequest body, RequestContext request, ShardMachine machine)
    {
        if (body.TransactionalId is not null)
        {
            bool isEmpty = body.TransactionalId.Length == 0;
            request.Respond(Failed(isEmpty ? ErrorCode.InvalidRequest : ErrorCode.TransactionalIdAuthorizationFailed));
            return;
        }

        if ((body.ProducerId == -1) != (body.ProducerEpoch == -1))
        {
            request.Respond(Failed(ErrorCode.InvalidRequest));
            return;
        }

        machine.ProducerIds.Take((error, id) => request.Respond(
            error == ErrorCode.None ? new InitProducerIdResponse { ProducerId = id, ProducerEpoch = 0 } : Failed(error)));
    }

    private static InitProducerIdResponse Failed(ErrorCode error) =>
        new() { ErrorCode = (short)error, ProducerId = -1, ProducerEpoch = -1 };
}
