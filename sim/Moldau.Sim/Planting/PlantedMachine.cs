using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>A machine between whose turns and the world something goes wrong.</summary>
internal sealed class PlantedMachine(INodeMachine machine, PlantedBug bug, StaleIds stale, Prng prng) : INodeMachine
{
    private readonly EffectList<NodeEffect> _inner = new();
    private readonly EffectList<NodeEffect> _outcome = new();

    public INodeMachine Inner => machine;

    public Instant NextDeadline => machine.NextDeadline;

    public void Step(in NodeEvent e, Instant now, EffectList<NodeEffect> effects)
    {
        if (e is { Kind: NodeEventKind.DiskDone, Payload: AppendOp { Owner: PlantedMachine } late })
        {
            late.Data.Release();
            return;
        }

        if (bug == PlantedBug.StaleTopicIdsServed && e is { Kind: NodeEventKind.Received, Payload: BufferLease frame })
            stale.Renew(frame.Span.Slice(e.Start, e.Length));
        _inner.Clear();
        machine.Step(e, now, _inner);
        for (int i = 0; i < _inner.Count; i++) Perform(_inner[i], now, effects);
    }

    private void Perform(in NodeEffect effect, Instant now, EffectList<NodeEffect> effects)
    {
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
