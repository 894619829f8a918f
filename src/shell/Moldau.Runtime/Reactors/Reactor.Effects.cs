using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Storage;

namespace Moldau.Runtime;

/// <summary>Performing effects: posts and disk operations. Sends are in Reactor.Sending.cs.</summary>
public sealed partial class Reactor
{
    private readonly Dictionary<MachineId, Queue<object>> _posts = [];
    private readonly Dictionary<string, DirectoryLane> _directories = new(StringComparer.Ordinal);
    // Order keys with appends at a directory's writer, and how many: later ones must queue behind them.
    private readonly Dictionary<object, int> _atWriter = new(ReferenceEqualityComparer.Instance);
    private readonly List<(Connection Connection, DirectoryLane Lane)> _diskPaused = [];
    private readonly List<Connection> _postPaused = [];
    private int _delayedPosts;
    // The connection whose frame is being dealt with: what it causes elsewhere slows it down, not its neighbours.
    private ConnectionId _current;

    private void Perform(in NodeEffect effect)
    {
        switch (effect.Kind)
        {
            case NodeEffectKind.Send:
                QueueFrame(effect.Connection, (OutgoingFrame)effect.Payload!); // the factory sets it
                break;
            case NodeEffectKind.Close:
                CloseByMachine(effect.Connection, effect.Flag);
                break;
            case NodeEffectKind.PauseReads:
                if (Find(effect.Connection) is { } paused) Pause(paused, PauseReason.Machine);
                break;
            case NodeEffectKind.ResumeReads:
                if (Find(effect.Connection) is { } resumed) Resume(resumed, PauseReason.Machine);
                break;
            case NodeEffectKind.Disk:
                Submit((DiskOp)effect.Payload!); // the factory sets it
                break;
            case NodeEffectKind.Post:
                Post(effect.Target, effect.Payload!); // the factory sets it
                break;
            case NodeEffectKind.Stopped:
                if (_hasStopped) break;
                _hasStopped = true;
                _host.Stopped(Id);
                break;
            case NodeEffectKind.Ready:
                _host.Ready();
                break;
            case NodeEffectKind.Configured:
                _host.Configured((BrokerConfig)effect.Payload!); // the factory sets it
                break;
            default:
                _isHalted = true;
                _host.Halt(Id, effect.Payload as string ?? "no reason given");
                break;
        }
    }

    private void Post(MachineId target, object message)
    {
        if (target == Id)
        {
            _local.Enqueue(NodeEvent.Message(message));
            return;
        }

        bool isWaiting = _posts.TryGetValue(target, out Queue<object>? waiting) && waiting.Count > 0;
        if (!isWaiting && _host.Find(target).Mail.TryPost(message)) return;
        if (waiting is null) _posts.Add(target, waiting = new());
        waiting.Enqueue(message);
        _delayedPosts++;
        Metrics.PostsDelayed.Increment();
        if (Find(_current) is not { } cause || cause.IsPausedBy(PauseReason.Mailbox)) return;
        Pause(cause, PauseReason.Mailbox);
        _postPaused.Add(cause);
    }

    private void RetryPosts()
    {
        if (_delayedPosts == 0) return;
        foreach ((MachineId target, Queue<object> waiting) in _posts)
        {
            Mailbox mail = _host.Find(target).Mail;
            while (waiting.TryPeek(out object? message) && mail.TryPost(message))
            {
                waiting.Dequeue();
                _delayedPosts--;
            }
        }

        if (_delayedPosts > 0) return;
        foreach (Connection connection in _postPaused) Resume(connection, PauseReason.Mailbox);
        _postPaused.Clear();
    }

    private void Submit(DiskOp op)
    {
        switch (op.Lane)
        {
            case DiskLane.Append:
                Append((AppendOp)op);
                break;
            case DiskLane.Sync:
                LaneOf(op.LogDirectory).Sync((SyncOp)op, Mail);
                break;
            default:
                _lanes.Jobs.Submit(new(op, Mail));
                break;
        }
    }

    private void Append(AppendOp op)
    {
        DirectoryLane lane = LaneOf(op.LogDirectory);
        bool isBehind = op.OrderKey is not null && _atWriter.ContainsKey(op.OrderKey);
        if (isBehind || lane.IsSlow)
        {
            AppendAtWriter(op, lane);
            return;
        }

        IDiskFile file = op.File;
        DirectoryLane.AppendStart started = lane.StartAppend();
        op.Execute(_lanes.Disk);
        lane.NoteAppend(started);
        if (op.Error == DiskError.None) lane.StartWritebackIfDue(file);
        _local.Enqueue(NodeEvent.DiskDone(op));
    }

    private void AppendAtWriter(AppendOp op, DirectoryLane lane)
    {
        if (op.OrderKey is { } key) _atWriter[key] = _atWriter.GetValueOrDefault(key) + 1;
        lane.Write(op, Mail);
        if (!lane.IsCongested) return;
        if (Find(_current) is not { } cause || cause.IsPausedBy(PauseReason.Disk)) return;
        Pause(cause, PauseReason.Disk);
        _diskPaused.Add((cause, lane));
    }

    private void TakeCompletion(DiskOp op)
    {
        if (op is ColdRead read)
        {
            TakeColdRead(read);
            return;
        }

        if (op.Lane == DiskLane.Append && op.OrderKey is { } key)
        {
            int left = _atWriter[key] - 1;
            if (left == 0) _atWriter.Remove(key);
            else _atWriter[key] = left;
        }

        ResumeDiskPaused();
        Turn(NodeEvent.DiskDone(op));
    }

    private void ResumeDiskPaused()
    {
        for (int i = _diskPaused.Count - 1; i >= 0; i--)
        {
            if (_diskPaused[i].Lane.IsCongested) continue;
            Resume(_diskPaused[i].Connection, PauseReason.Disk);
            _diskPaused.RemoveAt(i);
        }
    }

    private DirectoryLane LaneOf(string directory)
    {
        if (_directories.TryGetValue(directory, out DirectoryLane? lane)) return lane;
        lane = _lanes.Directory(directory);
        _directories.Add(directory, lane);
        return lane;
    }
}
