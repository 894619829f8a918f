using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Finds each call its broker, and sends it again where that can help. A call that cannot go now is parked
/// until metadata or a coordinator is known, its backoff is over, or its deadline has come.</summary>
internal sealed class CallDesk(ClientSettings settings, Prng prng)
{
    private readonly List<ClientCall> _parked = [];
    private ClientMachine? _machine;

    /// <summary>The last link that failed, until an answer comes: why a call waits that was never sent.</summary>
    private ClientError? _lastTrouble;

    public Instant NextDeadline
    {
        get
        {
            Instant next = Instant.Never;
            foreach (ClientCall call in _parked)
                next = Instant.Min(next, Instant.Min(call.RetryAt, call.Deadline));
            return next;
        }
    }

    private ClientMachine Machine => _machine!;

    public void Attach(ClientMachine machine) => _machine = machine;

    public void Start(ClientCall call, ClientTurn turn)
    {
        if (!TryDispatch(call, turn)) Park(call, Instant.Never);
    }

    /// <summary>Looks again at what is parked: after a turn in which something became known, or a time has come.</summary>
    public void Pump(ClientTurn turn, bool isNewsThere)
    {
        if (_parked.Count == 0) return;
        ClientCall[] parked = [.. _parked];
        foreach (ClientCall call in parked)
        {
            if (call.IsAbandoned)
            {
                _parked.Remove(call);
            }
            else if (call.Deadline <= turn.Now)
            {
                _parked.Remove(call);
                call.OnFailed(TimedOut(call), turn);
            }
            else if (call.RetryAt <= turn.Now || (isNewsThere && call.RetryAt == Instant.Never))
            {
                _parked.Remove(call);
                if (!TryDispatch(call, turn)) Park(call, Instant.Never);
            }
        }
    }

    public void OnAnswer(ClientCall call, ClientFrame frame, int bodyStart, ClientTurn turn)
    {
        _lastTrouble = null;
        CallOutcome outcome = call.OnFrame(frame, bodyStart, turn);
        if (outcome == CallOutcome.Done || call.IsAbandoned) return;
        if (outcome == CallOutcome.RetryElsewhere) Forget(call.Target, turn);
        Again(call, turn);
    }

    public void OnLinkLost(ClientCall call, bool wasSent, LinkFailure reason, ClientTurn turn)
    {
        if (call.IsAbandoned) return;
        ErrorCode code = !reason.IsFinal && call.AnswerDue <= turn.Now ? ErrorCode.RequestTimedOut : reason.Code;
        call.LastError = _lastTrouble = new ClientError(code, reason.Text) { IsFinal = reason.IsFinal };
        if (reason.IsFinal || call.HasOwnRetries || (wasSent && !call.MayRepeat))
        {
            call.OnFailed(call.LastError, turn);
            return;
        }

        Forget(call.Target, turn);
        Again(call, turn);
    }

    /// <summary>Ends everything that is parked.</summary>
    public void FailAll(ClientError error, ClientTurn turn)
    {
        ClientCall[] parked = [.. _parked];
        _parked.Clear();
        foreach (ClientCall call in parked)
            if (!call.IsAbandoned) call.OnFailed(error, turn);
    }

    /// <summary>The cluster cannot be asked, and trying again cannot help: what waits for news is told.</summary>
    public void ShutOut(ClientError error, ClientTurn turn)
    {
        foreach (ClientCall call in _parked.Where(c => c.RetryAt == Instant.Never).ToArray())
        {
            _parked.Remove(call);
            if (!call.IsAbandoned) call.OnFailed(error, turn);
        }
    }

    /// <summary>A coordinator cannot be had: who waits for it is told.</summary>
    public void FailCoordinatorCalls(CoordinatorType type, string key, ClientError error, ClientTurn turn)
    {
        foreach (ClientCall call in _parked.ToArray())
        {
            CallTarget target = call.Target;
            if (target.Kind != CallTargetKind.Coordinator || target.Type != type || target.Key != key) continue;
            _parked.Remove(call);
            if (!call.IsAbandoned) call.OnFailed(error, turn);
        }
    }

    private ClientError TimedOut(ClientCall call)
    {
        string text = $"{call.Api.Name} had no answer in time";
        ClientError? last = call.LastError ?? _lastTrouble;
        return new ClientError(ErrorCode.RequestTimedOut, last is null ? text : $"{text}; the last error was: {last.Text}");
    }

    private void Again(ClientCall call, ClientTurn turn)
    {
        call.Attempts++;
        Duration wait = Backoff.After(call.Attempts, settings.RetryBackoff, settings.RetryBackoffMax, prng);
        Instant at = turn.Now + wait;
        if (call.Deadline <= turn.Now) call.OnFailed(TimedOut(call), turn);
        else Park(call, at);
    }

    private void Park(ClientCall call, Instant retryAt)
    {
        call.RetryAt = retryAt;
        _parked.Add(call);
    }

    private void Forget(CallTarget target, ClientTurn turn)
    {
        if (target.Kind == CallTargetKind.Coordinator) Machine.Coordinators.Forget(target.Type, target.Key);
        else Machine.Metadata.Refresh(turn);
    }

    private bool TryDispatch(ClientCall call, ClientTurn turn)
    {
        if (!TryFind(call.Target, turn, out int brokerId, out BrokerAddress address)) return false;
        Machine.Links.Enqueue(call, brokerId, call.Target.Lane, address, turn);
        return true;
    }

    private bool TryFind(CallTarget target, ClientTurn turn, out int brokerId, out BrokerAddress address)
    {
        brokerId = target.BrokerId;
        address = default;
        switch (target.Kind)
        {
            case CallTargetKind.Any:
                return Machine.Metadata.TryPickBroker(target.Lane, turn.Now, out brokerId, out address);
            case CallTargetKind.Controller:
                brokerId = Machine.Metadata.View.ControllerId;
                break;
            case CallTargetKind.Coordinator:
                // A coordinator comes with its address: it may be newer than our metadata.
                if (Machine.Coordinators.TryGet(target.Type, target.Key, out brokerId, out BrokerAddress told))
                {
                    if (!Machine.Metadata.View.TryGetAddress(brokerId, out address)) address = told;
                    return true;
                }

                Machine.Coordinators.Find(target.Type, target.Key, turn);
                return false;
            case CallTargetKind.Broker:
            default:
                break;
        }

        if (Machine.Metadata.View.TryGetAddress(brokerId, out address)) return true;
        Machine.Metadata.Refresh(turn);
        return false;
    }
}
