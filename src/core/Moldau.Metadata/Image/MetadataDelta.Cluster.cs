using Moldau.Protocol;

namespace Moldau.Metadata;

public sealed partial class MetadataDelta
{
    private string? ReplayCluster(ITypedRecord record)
    {
        switch (record)
        {
            case RegisterBrokerRecord r:
                return SetBroker(BrokerRegistration.From(r));
            case UnregisterBrokerRecord r:
                if (Find(r.BrokerId, r.BrokerEpoch) is null) return Missing(r.BrokerId, r.BrokerEpoch);
                _changedBrokers.Add(r.BrokerId);
                _cluster = _cluster with { Brokers = _cluster.Brokers.Remove(r.BrokerId) };
                return null;
            case FenceBrokerRecord r:
                return Find(r.Id, r.Epoch) is { } fenced ? SetBroker(fenced with { IsFenced = true })
                    : Missing(r.Id, r.Epoch);
            case UnfenceBrokerRecord r:
                return Find(r.Id, r.Epoch) is { } unfenced ? SetBroker(unfenced with { IsFenced = false })
                    : Missing(r.Id, r.Epoch);
            case BrokerRegistrationChangeRecord r:
                return Find(r.BrokerId, r.BrokerEpoch) is { } old ? SetBroker(Change(old, r))
                    : Missing(r.BrokerId, r.BrokerEpoch);
            case RegisterControllerRecord r:
                _cluster = _cluster with
                {
                    Controllers = _cluster.Controllers.SetItem(r.ControllerId, ControllerRegistration.From(r)),
                };
                return null;
            case UnregisterControllerRecord r:
                _cluster = _cluster with { Controllers = _cluster.Controllers.Remove(r.ControllerId) };
                return null;
            default:
                return $"record type {record.TypeId} is not about the cluster";
        }
    }

    private static BrokerRegistration Change(BrokerRegistration old, BrokerRegistrationChangeRecord change) => old with
    {
        // −1 unfences, 1 fences, 0 leaves it.
        IsFenced = change.Fenced == 0 ? old.IsFenced : change.Fenced > 0,
        IsInControlledShutdown = old.IsInControlledShutdown || change.InControlledShutdown > 0,
        Directories = change.LogDirs is { Count: > 0 } ? [.. change.LogDirs] : old.Directories,
        CordonedDirectories = change.CordonedLogDirs is null ? old.CordonedDirectories : [.. change.CordonedLogDirs],
    };

    private string? SetBroker(BrokerRegistration registration)
    {
        _changedBrokers.Add(registration.Id);
        _cluster = _cluster with { Brokers = _cluster.Brokers.SetItem(registration.Id, registration) };
        return null;
    }

    private BrokerRegistration? Find(int id, long epoch) => _cluster.Broker(id) is { } r && r.Epoch == epoch ? r : null;

    private static string Missing(int id, long epoch) => $"broker {id} is not registered with epoch {epoch}";
}
