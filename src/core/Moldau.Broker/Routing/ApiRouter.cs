using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Which APIs, in which versions, a listener serves. ApiVersions answers from here, so that nothing is
/// offered that has no handler.</summary>
internal abstract class ApiRouter
{
    /// <summary>Librdkafka takes a missing version 0 of Produce for a broker without compression, so Apache Kafka
    /// advertises 0–2 and ends a connection that uses them (KAFKA-18659); we do the same.</summary>
    public const short AdvertisedProduceMinimum = 0;

    private readonly bool _unstable;

    protected ApiRouter(bool unstable) => _unstable = unstable;

    public abstract IReadOnlyList<ApiKey> Served { get; }

    public bool Serves(ApiKey api, short version) =>
        Has(api) && version >= ApiTable.Get(api).LowestVersion && version <= Highest(api);

    public short Highest(ApiKey api) =>
        _unstable ? ApiTable.Get(api).HighestVersion : ApiTable.Get(api).HighestStableVersion;

    public short Lowest(ApiKey api) => api == ApiKey.Produce ? AdvertisedProduceMinimum : ApiTable.Get(api).LowestVersion;

    public abstract bool Has(ApiKey api);
}

/// <summary>The handlers of one kind of machine, indexed by API key.</summary>
internal sealed class ApiRouter<TMachine> : ApiRouter
    where TMachine : Machine
{
    private readonly IApiHandler<TMachine>?[] _handlers = new IApiHandler<TMachine>?[ApiTable.All.Length];
    private readonly List<ApiKey> _served = [];

    public ApiRouter(bool unstable, params ReadOnlySpan<IApiHandler<TMachine>> handlers)
        : base(unstable)
    {
        foreach (IApiHandler<TMachine> handler in handlers)
        {
            Verify.That(_handlers[(int)handler.Api] is null);
            _handlers[(int)handler.Api] = handler;
        }

        for (int key = 0; key < _handlers.Length; key++)
            if (_handlers[key] is not null) _served.Add((ApiKey)key);
    }

    public override IReadOnlyList<ApiKey> Served => _served;

    public override bool Has(ApiKey api) => (uint)api < (uint)_handlers.Length && _handlers[(int)api] is not null;

    public void Handle(RequestContext request, TMachine machine) =>
        _handlers[(int)request.Api]!.Handle(request, machine);
}
