using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Serves one API on one kind of machine. Stateless: state lives in the machine.</summary>
internal interface IApiHandler<in TMachine>
    where TMachine : Machine
{
    ApiKey Api { get; }

    void Handle(RequestContext request, TMachine machine);
}

/// <summary>A handler whose request is decoded into an object first.</summary>
internal abstract class ApiHandler<TMachine, TRequest> : IApiHandler<TMachine>
    where TMachine : Machine
    where TRequest : class, IRequest, IMessage<TRequest>
{
    public ApiKey Api => TRequest.ApiKey;

    public void Handle(RequestContext request, TMachine machine)
    {
        KafkaReader reader = new(request.Body);
        TRequest body = TRequest.Read(ref reader, request.Version);
        if (reader.Failed)
        {
            request.EndConnection();
            return;
        }

        request.ReleaseFrame();
        Handle(body, request, machine);
    }

    protected abstract void Handle(TRequest body, RequestContext request, TMachine machine);
}
