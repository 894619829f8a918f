using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Fetch, versions 4–18, with incremental sessions (KIP-227).</summary>
internal sealed class FetchHandler : IApiHandler<ShardMachine>
{
    public ApiKey Api => ApiKey.Fetch;

    public void Handle(RequestContext request, ShardMachine machine)
    {
        ReadOnlySpan<byte> frame = request.Frame.Span[..(request.BodyStart + request.BodyLength)];
        if (!FetchRequestView.TryRead(frame, request.BodyStart, request.Version, out FetchRequestView view))
        {
            request.EndConnection();
            return;
        }

        bool isIsolationKnown = view.IsolationLevel is 0 or 1;
        int maxBytes = Math.Min(view.MaxBytes, machine.Options.Config.FetchMaxBytes);
        FetchExchange exchange = new(request)
        {
            SessionId = view.SessionId,
            SessionEpoch = view.SessionEpoch,
            UsesTopicIds = request.Version >= 13,
            Refusal = isIsolationKnown ? ErrorCode.None : ErrorCode.UnknownServerError,
            IsReadCommitted = view.IsolationLevel == 1,
            MaxBytes = maxBytes,
            MinBytes = Math.Min(view.MinBytes, maxBytes),
            MaxWaitMs = view.MaxWaitMs,
            IsReplica = view.ReplicaId >= 0,
        };
        ReadTargets(ref view, frame, exchange);
        request.ReleaseFrame();
        if (exchange.IsFull && exchange.SessionId != 0) machine.EndFetchSession(exchange.SessionId);
        MachineId home = exchange.IsFull ? machine.Id
            : FetchSessionCache.HomeOf(exchange.SessionId, machine.Options.ShardCount);
        machine.Call(home, exchange);
    }

    private static void ReadTargets(ref FetchRequestView view, ReadOnlySpan<byte> frame, FetchExchange exchange)
    {
        while (view.NextTopic())
        {
            FetchKey topic = KeyOf(view.Topic);
            while (view.NextPartition())
                exchange.Named.Add((
                    topic with { Partition = view.Partition },
                    new FetchAsk(view.FetchOffset, view.PartitionMaxBytes, view.CurrentLeaderEpoch, view.LastFetchedEpoch)));
        }

        if (exchange.IsFull) return;
        view.StartForgottenTopics(frame);
        while (view.NextForgottenTopic())
        {
            FetchKey topic = KeyOf(view.Topic);
            while (view.NextForgottenPartition()) exchange.Forgotten.Add(topic with { Partition = view.Partition });
        }
    }

    private static FetchKey KeyOf(in TopicReference topic) =>
        new(topic.Id, topic.Id.IsZero && topic.Name.Length > 0 ? Encoding.UTF8.GetString(topic.Name) : null, 0);
}
