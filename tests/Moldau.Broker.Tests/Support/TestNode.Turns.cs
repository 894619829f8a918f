using Moldau.Base;
using Moldau.Config;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

internal sealed partial class TestNode
{
    private const int MostTurns = 500_000;

    private readonly List<Channel> _channels = [];
    private readonly Dictionary<object, int> _keys = new(ReferenceEqualityComparer.Instance);
    private readonly SortedDictionary<(int Machine, long Id), TestClient> _clients = new();
    private long _connections;
    private long _unordered;

    /// <summary>Delivers what is under way, in an order that the seed chooses, until nothing is.</summary>
    public void Run()
    {
        for (int turns = 0; turns < MostTurns; turns++)
        {
            List<Channel> ready = _channels.FindAll(c => !IsHeld(c));
            if (ready.Count == 0) return;
            Deliver(ready[_prng.Next(ready.Count)]);
        }

        Assert.Fail("the node does not come to rest");
    }

    /// <summary>Delivers one thing that is under way, if there is one.</summary>
    public void RunOne()
    {
        List<Channel> ready = _channels.FindAll(c => !IsHeld(c));
        if (ready.Count > 0) Deliver(ready[_prng.Next(ready.Count)]);
    }

    /// <summary>Lets time pass, with every deadline on its way.</summary>
    public void Advance(long ms)
    {
        long endNs = _nowNs + ms * 1_000_000;
        Run();
        while (NextDeadline(endNs)) Run();
        _nowNs = endNs;
    }

    public void Until(Func<bool> condition, long withinMs = 10_000)
    {
        long endNs = _nowNs + withinMs * 1_000_000;
        Run();
        while (!condition())
        {
            Assert.True(NextDeadline(endNs), $"nothing more happens within {withinMs} ms; log:\n{string.Join('\n', LogLines)}");
            Run();
        }
    }

    internal IEnumerable<TestClient> Clients() => [.. _clients.Values];

    internal void Receive(TestClient client, byte[] frame) =>
        Enqueue($"c {client.Machine} {client.Id}", new Item(client.Machine, client, frame, null, default));

    internal void Drained(TestClient client) =>
        Enqueue($"s {client.Machine} {client.Id}", new Item(client.Machine, client, null, null, NodeEvent.SendDrained(client.Id)));

    internal void Disconnect(TestClient client)
    {
        if (!_clients.Remove((client.Machine.Number, client.Id.Number)) || !IsRunning) return;
        Turn(Find(client.Machine), NodeEvent.Disconnected(client.Id));
    }

    private bool NextDeadline(long endNs)
    {
        Hosted? first = null;
        foreach (Hosted machine in _machines)
            if (!machine.HasStopped && (first is null || NextOf(machine) < NextOf(first))) first = machine;
        if (first is null || NextOf(first) > endNs) return false;
        _nowNs = Math.Max(_nowNs, NextOf(first));
        Turn(first, NodeEvent.Deadline);
        return true;
    }

    private static long NextOf(Hosted machine) => machine.Machine.Machine.NextDeadline.MonotonicNs;

    private bool IsHeld(Channel channel)
    {
        Item head = channel.Items.Peek();
        if (head.Op is { } op) return HoldsDisk?.Invoke(op) == true;
        return head.Client is { } client ? head.Frame is not null && client.IsPaused : HoldsMail?.Invoke(head.Target) == true;
    }

    private void Deliver(Channel channel)
    {
        Item item = channel.Items.Dequeue();
        if (channel.Items.Count == 0) _channels.Remove(channel);
        Hosted machine = Find(item.Target);
        if (machine.HasStopped) return;
        if (item.Op is { } op)
        {
            op.Execute(Probe);
            Turn(machine, NodeEvent.DiskDone(op));
        }
        else if (item.Client is { } client)
        {
            if (!_clients.ContainsKey((client.Machine.Number, client.Id.Number))) return;
            Turn(machine, item.Frame is { } frame ? Received(machine, client, frame) : item.Event);
        }
        else
        {
            Turn(machine, item.Event);
        }
    }

    private static NodeEvent Received(Hosted machine, TestClient client, byte[] frame)
    {
        BufferLease lease = machine.Machine.Pool.Rent(frame.Length);
        frame.CopyTo(lease.Span);
        return NodeEvent.Received(client.Id, lease, 4, frame.Length - 4);
    }

    /// <summary>One event and all that follows on the machine's own thread.</summary>
    private void Turn(Hosted machine, NodeEvent e)
    {
        Queue<NodeEvent> events = new([e]);
        while (events.TryDequeue(out NodeEvent next) && IsRunning && !machine.HasStopped)
        {
            EffectList<NodeEffect> effects = new();
            machine.Machine.Machine.Step(next, Now, effects);
            for (int i = 0; i < effects.Count; i++) Perform(machine, effects[i], events);
        }
    }

    private void Perform(Hosted machine, NodeEffect effect, Queue<NodeEvent> events)
    {
        Trace.Add(Now, machine.Id, effect);
        switch (effect.Kind)
        {
            case NodeEffectKind.Disk: Submit(machine, (DiskOp)effect.Payload!, events); return;
            case NodeEffectKind.Post:
                Enqueue($"m {machine.Id} {effect.Target}", new Item(effect.Target, null, null, null, NodeEvent.Message(effect.Payload!)));
                return;
            case NodeEffectKind.Ready: IsReady = true; return;
            case NodeEffectKind.Stopped: machine.HasStopped = true; return;
            case NodeEffectKind.Configured: Configured.Add((BrokerConfig)effect.Payload!); return;
            case NodeEffectKind.Halt: Halted ??= (string)effect.Payload!; return;
        }

        if (!_clients.TryGetValue((machine.Id.Number, effect.Connection.Number), out TestClient? client))
        {
            (effect.Payload as OutgoingFrame)?.Release();
            return;
        }

        switch (effect.Kind)
        {
            case NodeEffectKind.Send: client.Take((OutgoingFrame)effect.Payload!); break;
            case NodeEffectKind.PauseReads: client.IsPaused = true; break;
            case NodeEffectKind.ResumeReads: client.IsPaused = false; break;
            case NodeEffectKind.Close:
                client.IsClosedByServer = true;
                _clients.Remove((machine.Id.Number, client.Id.Number));
                events.Enqueue(NodeEvent.Disconnected(client.Id));
                break;
        }
    }

    private void Submit(Hosted machine, DiskOp op, Queue<NodeEvent> events)
    {
        string name = $"d {machine.Id} {op.Lane} {(op.OrderKey is { } key ? KeyOf(key) : $"#{++_unordered}")}";
        bool isBusy = _channels.Exists(c => c.Name == name) || HoldsDisk?.Invoke(op) == true;
        if (op.Lane == DiskLane.Append && !isBusy && _prng.Chance(InlineAppends))
        {
            op.Execute(Probe);
            events.Enqueue(NodeEvent.DiskDone(op));
            return;
        }

        Enqueue(name, new Item(machine.Id, null, null, op, default));
    }

    private int KeyOf(object key)
    {
        if (!_keys.TryGetValue(key, out int number)) _keys.Add(key, number = _keys.Count);
        return number;
    }

    private void Enqueue(string name, Item item)
    {
        Channel? channel = _channels.Find(c => c.Name == name);
        if (channel is null) _channels.Add(channel = new Channel(name));
        channel.Items.Enqueue(item);
    }

    private sealed class Channel(string name)
    {
        public string Name { get; } = name;

        public Queue<Item> Items { get; } = new();
    }

    private sealed record Item(MachineId Target, TestClient? Client, byte[]? Frame, DiskOp? Op, NodeEvent Event);
}
