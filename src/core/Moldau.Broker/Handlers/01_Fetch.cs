using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Fetch, versions 4–18, with incremental sessions (KIP-227).</summary>
internal sealed class FetchHandler : IApiHandler<ShardMachine>
{
    private const int FinalEpoch = -1;
    private const int InitialEpoch = 0;

    public ApiKey Api => ApiKey.Fetch;

    public void Handle(RequestContext request, ShardMachine machine)
    {
        ReadOnlySpan<byte> frame = request.Frame.Span[..(request.BodyStart + request.BodyLength)];
        if (!FetchRequestView.TryRead(frame, request.BodyStart, request.Version, out FetchRequestView view))
        {
            request.EndConnection();
            return;
        }

        bool usesTopicIds = request.Version >= 13;
        bool isIsolationKnown = view.IsolationLevel is 0 or 1;
        if (!isIsolationKnown && usesTopicIds)
        {
            request.Respond(FetchEncoder.Failed(machine, request, ErrorCode.UnknownServerError));
            return;
        }

        FetchSession? session = null;
        bool isIncremental = false;
        List<FetchTarget>? loose = null;
        if (view.SessionEpoch is FinalEpoch or InitialEpoch)
        {
            if (view.SessionId != 0) machine.Sessions.Remove(view.SessionId);
            if (view.SessionEpoch == InitialEpoch && isIsolationKnown) session = machine.Sessions.TryCreate(usesTopicIds, machine.Now);
            if (session is null) loose = [];
        }
        else
        {
            ErrorCode error = machine.Sessions.TryContinue(view.SessionId, view.SessionEpoch, usesTopicIds, machine.Now, out session);
            if (error != ErrorCode.None)
            {
                request.Respond(FetchEncoder.Failed(machine, request, error));
                return;
            }

            isIncremental = true;
        }

        ReadTargets(ref view, frame, session, loose);
        FetchOperation operation = new(machine, request, session, isIncremental)
        {
            Refusal = isIsolationKnown ? ErrorCode.None : ErrorCode.UnknownServerError,
            IsReadCommitted = view.IsolationLevel == 1,
            MaxBytes = Math.Min(view.MaxBytes, machine.Options.Config.FetchMaxBytes),
            MinBytes = Math.Min(view.MinBytes, machine.Options.Config.FetchMaxBytes),
            MaxWaitMs = view.MaxWaitMs,
            IsReplica = view.ReplicaId >= 0,
        };
        request.ReleaseFrame();
        operation.Start(session?.Targets ?? loose!);
    }

    private static void ReadTargets(
        ref FetchRequestView view, ReadOnlySpan<byte> frame, FetchSession? session, List<FetchTarget>? loose)
    {
        while (view.NextTopic())
        {
            Uuid id = view.Topic.Id;
            string? name = id.IsZero && view.Topic.Name.Length > 0 ? Encoding.UTF8.GetString(view.Topic.Name) : null;
            while (view.NextPartition())
            {
                FetchKey key = new(id, name, view.Partition);
                FetchTarget target = session?.GetOrAdd(key) ?? new FetchTarget(key);
                target.FetchOffset = view.FetchOffset;
                target.MaxBytes = view.PartitionMaxBytes;
                target.CurrentLeaderEpoch = view.CurrentLeaderEpoch;
                target.LastFetchedEpoch = view.LastFetchedEpoch;
                loose?.Add(target);
            }
        }

        if (session is null) return;
        view.StartForgottenTopics(frame);
        while (view.NextForgottenTopic())
        {
            Uuid id = view.Topic.Id;
            string? name = id.IsZero && view.Topic.Name.Length > 0 ? Encoding.UTF8.GetString(view.Topic.Name) : null;
            while (view.NextForgottenPartition()) session.Remove(new FetchKey(id, name, view.Partition));
        }
    }
}
