using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Tells the user's listener, one call at a time and in order. What waits for a call goes on when it has ended, or
/// when it has taken longer than a rebalance may.</summary>
internal sealed class ListenerDesk(ConsumerPart consumer, ConsumerSettings settings)
{
    private readonly Queue<(ConsumerCall Call, Action<ClientTurn> Then)> _waiting = new();
    private (ConsumerCall Call, Action<ClientTurn> Then)? _running;

    public Instant NextDeadline => _running?.Call.Deadline ?? Instant.Never;

    /// <summary>At most how long a call is waited for.</summary>
    public Duration Patience { get; set; } = settings.MaxPollInterval;

    /// <summary>Calls the listener and goes on after it: at once where there is none, or nothing to tell.</summary>
    public void Tell(
        ConsumerCallKind kind, IReadOnlyList<TopicPartition> partitions, ClientTurn turn, Action<ClientTurn> then)
    {
        if (settings.Listener is null || partitions.Count == 0)
        {
            then(turn);
            return;
        }

        Add(new ConsumerCall(kind, partitions, turn.Now + Patience, OnDone) { Runner = settings.Listener }, then, turn);
    }

    /// <summary>Nothing waits for this call but the next ones.</summary>
    public void TellStalled(bool isStalled, ClientTurn turn)
    {
        if (settings.Listener is null) return;
        ConsumerCall call = new(ConsumerCallKind.Stalled, [], turn.Now + Patience, OnDone)
        {
            Runner = settings.Listener,
            IsStalled = isStalled,
        };
        Add(call, static _ => { }, turn);
    }

    public void OnTurn(ClientTurn turn)
    {
        while (_running is { } late && late.Call.Deadline <= turn.Now)
        {
            turn.Effects.Add(ClientEffect.GiveUpUser(late.Call));
            GoOn(late.Then, turn);
        }
    }

    private void Add(ConsumerCall call, Action<ClientTurn> then, ClientTurn turn)
    {
        if (_running is not null)
        {
            _waiting.Enqueue((call, then));
            return;
        }

        _running = (call, then);
        turn.Effects.Add(ClientEffect.CallUser(call));
    }

    private void OnDone(ConsumerCall call, ClientTurn turn)
    {
        if (call.Failure is { } failure)
            consumer.Fail(new ClientError(ErrorCode.UnknownServerError, $"the consumer's listener failed: {failure}"), turn);
        if (_running is { } running && running.Call == call) GoOn(running.Then, turn);
    }

    private void GoOn(Action<ClientTurn> then, ClientTurn turn)
    {
        _running = null;
        if (_waiting.TryDequeue(out var next))
        {
            _running = next;
            turn.Effects.Add(ClientEffect.CallUser(next.Call));
        }

        then(turn);
    }
}
