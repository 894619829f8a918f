using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>A machine between whose turns and the world something goes wrong.</summary>
/// <param name="machine">The machine itself.</param>
/// <param name="bug">What goes wrong.</param>
/// <param name="requests">What it takes requests for.</param>
/// <param name="directories">The node's log directories.</param>
/// <param name="prng">When it goes wrong.</param>
internal sealed class PlantedMachine(
    INodeMachine machine, PlantedBug bug, PlantedRequests requests, IReadOnlyList<string> directories, Prng prng) : INodeMachine
{
    private readonly EffectList<NodeEffect> _inner = new();
    private readonly EffectList<NodeEffect> _outcome = new();
    private NodeEffect? _held;

    public INodeMachine Inner => machine;

    public Instant NextDeadline => machine.NextDeadline;

    public void Step(in NodeEvent e, Instant now, EffectList<NodeEffect> effects)
    {
        if (e is { Kind: NodeEventKind.DiskDone, Payload: AppendOp { Owner: PlantedMachine } late })
        {
            late.Data.Release();
            return;
        }

        if (bug == PlantedBug.SyncNotHeard && e is { Kind: NodeEventKind.DiskDone, Payload: SyncOp } && prng.Chance(0.005)) return;
        if (e is { Kind: NodeEventKind.Received, Payload: BufferLease frame }) requests.Change(frame.Span.Slice(e.Start, e.Length));
        Take(e, now, effects);
        if (bug != PlantedBug.DirectoriesFailTogether || e.Payload is not DirectoryFailed failed || machine is not ShardMachine) return;
        foreach (string other in directories)
            if (other != failed.Path) Take(NodeEvent.Message(failed with { Path = other }), now, effects);
    }

    private void Take(in NodeEvent e, Instant now, EffectList<NodeEffect> effects)
    {
        _inner.Clear();
        machine.Step(e, now, _inner);
        for (int i = 0; i < _inner.Count; i++) Perform(_inner[i], now, effects);
    }

    private void Perform(in NodeEffect effect, Instant now, EffectList<NodeEffect> effects)
    {
        if (effect is { Kind: NodeEffectKind.Send, Payload: OutgoingFrame frame } && IsHeldBack(effect, frame, effects)) return;
        if (bug == PlantedBug.StopForgotten && effect.Kind == NodeEffectKind.Stopped) return;
        if (bug == PlantedBug.MailLost && effect is { Kind: NodeEffectKind.Post, Payload: MachineCall } && prng.Chance(0.003)) return;
        if (effect is { Kind: NodeEffectKind.Disk, Payload: AppendOp append } && append.Owner is PartitionLog)
        {
            if (bug == PlantedBug.BufferReused && prng.Chance(0.01))
                append.Data.Span[append.Start + append.Length - 1] ^= 0xFF;
            if (bug == PlantedBug.VisibleBeforeWritten && prng.Chance(0.01))
            {
                WriteLater(append, now, effects);
                return;
            }
        }

        effects.Add(effect);
    }

    /// <summary>An answer that does not leave, or not yet.</summary>
    private bool IsHeldBack(in NodeEffect effect, OutgoingFrame frame, EffectList<NodeEffect> effects)
    {
        if (bug == PlantedBug.AnswerLost && prng.Chance(0.002))
        {
            frame.Release();
            return true;
        }

        if (bug != PlantedBug.AnswersSwapped) return false;
        if (_held is { } held)
        {
            _held = null;
            effects.Add(effect);
            effects.Add(held);
            return true;
        }

        if (!prng.Chance(0.002)) return false;
        _held = effect;
        return true;
    }

    private void WriteLater(AppendOp append, Instant now, EffectList<NodeEffect> effects)
    {
        append.Data.Retain();
        effects.Add(NodeEffect.Disk(new AppendOp
        {
            LogDirectory = append.LogDirectory,
            OrderKey = append.OrderKey,
            Owner = this,
            File = append.File,
            Position = append.Position,
            Data = append.Data,
            Start = append.Start,
            Length = append.Length,
        }));
        append.CompleteAs(DiskError.None, null);
        _outcome.Clear();
        machine.Step(NodeEvent.DiskDone(append), now, _outcome);
        for (int i = 0; i < _outcome.Count; i++) effects.Add(_outcome[i]);
    }
}

/// <summary>Ids of topics that were deleted, with the id that the name has now.</summary>
public sealed class StaleIds
{
    private readonly Dictionary<string, Uuid> _current = new(StringComparer.Ordinal);
    private readonly List<(byte[] Old, string Name)> _old = [];

    /// <summary>A topic has been created: any id that the name had before is stale.</summary>
    public void Created(string name, Uuid id)
    {
        if (_current.TryGetValue(name, out Uuid before) && before != id)
        {
            byte[] bytes = new byte[Uuid.Bytes];
            before.Write(bytes);
            _old.Add((bytes, name));
        }

        _current[name] = id;
    }

    internal void Renew(Span<byte> frame)
    {
        foreach ((byte[] old, string name) in _old)
        {
            int at = frame.IndexOf(old);
            if (at >= 0) _current[name].Write(frame[at..]);
        }
    }
}
