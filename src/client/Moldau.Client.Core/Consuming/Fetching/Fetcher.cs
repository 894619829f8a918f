using System.Text;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>Fetches for a consumer: one request under way per broker, in a session each, for the partitions of which
/// nothing waits to be taken. A poll that waits at its broker is given up where the user has gone elsewhere: there are two
/// lanes for that.</summary>
internal sealed class Fetcher(ClientMachine machine, ConsumerPart consumer, ConsumerSettings settings)
{
    private readonly int _lane = machine.NewLane();
    private readonly int _otherLane = machine.NewLane();

    /// <summary>By id.</summary>
    private readonly List<FetchNode> _nodes = [];

    /// <summary>In the order of their coming; at most one of a partition.</summary>
    private readonly List<FetchedChunk> _ready = [];

    /// <summary>How long a preferred replica is asked before the leader is again (<c>metadata.max.age.ms</c>).</summary>
    private Duration PreferredFor => machine.Settings.MetadataMaxAge;

    public bool HasReady => FindReady() >= 0;

    /// <summary>The next records; those of a paused partition wait for its going on (KAFKA-7548).</summary>
    public FetchedChunk? Take()
    {
        int at = FindReady();
        if (at < 0) return null;
        FetchedChunk chunk = _ready[at];
        _ready.RemoveAt(at);
        chunk.Cursor.HasBuffered = false;
        return chunk;
    }

    public void OnTurn(ClientTurn turn)
    {
        foreach (FetchNode node in _nodes)
        {
            node.Wanted.Clear();
            node.IsOutdated = false;
        }

        foreach (PartitionCursor cursor in consumer.Cursors)
        {
            if (!IsWanted(cursor, turn.Now)) continue;
            if (!machine.Metadata.View.TryGetLeader(cursor.Partition, out PartitionInfo? leader))
            {
                machine.Metadata.Refresh(turn);
                continue;
            }

            FetchNode node = NodeOf(ReplicaFor(cursor, leader, turn.Now));
            node.IsOutdated |= node.UnderWay is not null && Outdates(cursor, node.UnderWay);
            Uuid id = machine.Metadata.View.Topics[cursor.Partition.Topic].Id;
            node.Wanted.Add((cursor, new FetchPoint(id, cursor.FetchOffset, leader.LeaderEpoch, -1)));
        }

        for (int i = 0; i < _nodes.Count; i++)
        {
            FetchNode node = _nodes[i];
            if (node.Wanted.Count == 0 || (node.UnderWay is not null && !TryGiveUp(node)) || WouldHoldUp(node)) continue;
            Send(node, turn);
        }
    }

    public void Close(ClientTurn turn)
    {
        foreach (FetchNode node in _nodes)
        {
            node.UnderWay?.Abandon();
            node.UnderWay = null;
        }

        foreach (FetchedChunk chunk in _ready) chunk.Release();
        _ready.Clear();
        machine.Links.CloseLane(_lane, turn);
        machine.Links.CloseLane(_otherLane, turn);
    }

    private static bool IsWanted(PartitionCursor cursor, Instant now) =>
        cursor is { State: CursorState.Fetching, IsPaused: false, IsHeld: false, IsLeaving: false, HasBuffered: false }
        && cursor.RetryAt <= now;

    private FetchNode NodeOf(int broker)
    {
        int at = 0;
        while (at < _nodes.Count && _nodes[at].BrokerId < broker) at++;
        if (at == _nodes.Count || _nodes[at].BrokerId != broker) _nodes.Insert(at, new FetchNode(broker));
        return _nodes[at];
    }

    /// <summary>Whether records of this partition would come only after a poll at the same broker that asks for others, or for
    /// where the partition no longer is.</summary>
    private static bool Outdates(PartitionCursor cursor, FetchCall poll)
    {
        if (!poll.Asked.TryGetValue(cursor.Partition, out var asked)) return poll.IsAtEnds;
        return asked.Generation != cursor.Generation && !poll.HasRecords;
    }

    /// <summary>True where nothing is under way at the broker any more. The session begins anew: what the answer would say is
    /// dropped.</summary>
    private bool TryGiveUp(FetchNode node)
    {
        if (!node.IsOutdated || machine.Links.Load(node.BrokerId, LaneOf(node, isOther: true)) > 0) return false;
        node.UnderWay!.Abandon();
        node.UnderWay = null;
        node.Session.Restart(ErrorCode.None);
        node.UsesOtherLane = !node.UsesOtherLane;
        return true;
    }

    private int LaneOf(FetchNode node, bool isOther) => node.UsesOtherLane != isOther ? _otherLane : _lane;

    /// <summary>Whether a fetch would only wait at the broker for what is not written yet, while records of the same broker's
    /// partitions are about to be taken: these could be fetched on only when that wait is over.</summary>
    private bool WouldHoldUp(FetchNode node)
    {
        bool isTakenSoon = false;
        foreach (FetchedChunk chunk in _ready)
            isTakenSoon |= chunk.Broker == node.BrokerId && chunk is { IsCurrent: true, Cursor.IsPaused: false };
        if (!isTakenSoon) return false;
        foreach ((PartitionCursor cursor, _) in node.Wanted)
            if (!IsAtEnd(cursor)) return false;
        return true;
    }

    /// <summary>True where the broker's last answer has nothing behind the position.</summary>
    private bool IsAtEnd(PartitionCursor cursor) => EndOf(cursor) is >= 0 and var end && cursor.FetchOffset >= end;

    /// <summary>Where the partition's records ended when the broker last spoke of it; −1 where it has not.</summary>
    private long EndOf(PartitionCursor cursor) =>
        settings.IsolationLevel == IsolationLevel.ReadCommitted ? cursor.LastStableOffset : cursor.HighWatermark;

    /// <summary>Where the records are that may be taken next, −1 for nowhere; outdated ones before them are dropped.</summary>
    private int FindReady()
    {
        int at = 0;
        while (at < _ready.Count)
        {
            FetchedChunk chunk = _ready[at];
            if (!chunk.IsCurrent)
            {
                _ready.RemoveAt(at);
                chunk.Release();
            }
            else if (chunk.Cursor.IsPaused)
            {
                at++;
            }
            else
            {
                return at;
            }
        }

        return -1;
    }

    private int ReplicaFor(PartitionCursor cursor, PartitionInfo leader, Instant now)
    {
        if (cursor.PreferredReplica < 0) return leader.LeaderId;
        bool isThere = machine.Metadata.View.Brokers.ContainsKey(cursor.PreferredReplica);
        if (isThere && cursor.PreferredUntil > now) return cursor.PreferredReplica;
        cursor.PreferredReplica = -1;
        return leader.LeaderId;
    }

    private void Send(FetchNode node, ClientTurn turn)
    {
        FetchCall call = node.Idle ?? new FetchCall(this, node) { MayRepeat = false, ExtraTime = settings.FetchMaxWait };
        node.Idle = null;
        call.Clear();
        call.Target = CallTarget.Broker(node.BrokerId, LaneOf(node, isOther: false));
        foreach ((PartitionCursor cursor, FetchPoint point) in node.Wanted)
        {
            call.Asked[cursor.Partition] = (cursor.FetchOffset, cursor.Generation);
            call.IsById &= !point.TopicId.IsZero;
            call.IsAtEnds &= IsAtEnd(cursor);
            call.HasRecords |= EndOf(cursor) > cursor.FetchOffset;
        }

        FetchRequest request = call.Request;
        request.MaxWaitMs = (int)settings.FetchMaxWait.Ms;
        request.MinBytes = settings.FetchMinBytes;
        request.MaxBytes = settings.FetchMaxBytes;
        request.IsolationLevel = (sbyte)settings.IsolationLevel;
        request.RackId = machine.Settings.Rack;
        node.Session.Fill(call, node.Wanted, settings.MaxPartitionFetchBytes);
        node.UnderWay = call;
        machine.Calls.Start(call, turn);
    }

    public void OnFailed(FetchCall call, ClientError error, ClientTurn turn)
    {
        int broker = call.Node.BrokerId;
        End(call);
        call.Node.Session.Restart(error.Code);
        machine.Metadata.Refresh(turn);
        if (!error.IsRetriable)
        {
            consumer.Fail(error, turn);
            return;
        }

        foreach (PartitionCursor cursor in consumer.Cursors)
        {
            if (cursor.PreferredReplica == broker) cursor.PreferredReplica = -1;
            bool isLed = machine.Metadata.View.TryGetLeader(cursor.Partition, out PartitionInfo? leader)
                && leader.LeaderId == broker;
            if (isLed) consumer.BackOff(cursor, turn);
        }
    }

    public CallOutcome OnAnswer(FetchCall call, ClientFrame frame, int bodyStart, ClientTurn turn)
    {
        FetchSession session = call.Node.Session;
        FetchResponseView answer = new(frame.Span, bodyStart, call.Version);
        End(call);
        if (answer.ErrorCode != ErrorCode.None || answer.Failed)
        {
            session.Restart(answer.ErrorCode);
            if (answer.ErrorCode == ErrorCode.FetchSessionTopicIdError) machine.Metadata.Refresh(turn);
            return CallOutcome.Done;
        }

        session.OnAnswer(answer.SessionId);
        while (answer.NextTopic())
        {
            string? topic = call.Version >= 13 ? NameOf(answer.Topic.Id) : Encoding.UTF8.GetString(answer.Topic.Name);
            while (answer.NextPartition())
            {
                if (topic is null) continue;
                TopicPartition partition = new(topic, answer.Partition);
                if (!call.Asked.TryGetValue(partition, out var question)) continue;
                PartitionCursor? cursor = consumer.Find(partition);
                bool isCurrent = cursor is not null && cursor.Generation == question.Generation
                    && cursor.FetchOffset == question.Offset && cursor.State == CursorState.Fetching;
                if (isCurrent) TakePartition(call.Node.BrokerId, cursor!, answer, frame, turn);
            }
        }

        if (answer.Failed) session.Restart(ErrorCode.CorruptMessage);
        consumer.Wake(turn);
        return CallOutcome.Done;
    }

    /// <summary>The call is over. What it asked for stays readable until the next one.</summary>
    private static void End(FetchCall call)
    {
        Verify.That(call.Node.UnderWay == call);
        call.Node.UnderWay = null;
        call.Node.Idle = call;
    }

    private string? NameOf(Uuid id)
    {
        foreach (PartitionCursor cursor in consumer.Cursors)
        {
            string name = cursor.Partition.Topic;
            if (machine.Metadata.View.Topics.TryGetValue(name, out TopicInfo? topic) && topic.Id == id) return name;
        }

        return null;
    }

    private void TakePartition(
        int broker, PartitionCursor cursor, scoped in FetchResponseView answer, ClientFrame frame, ClientTurn turn)
    {
        if (answer.PartitionError != ErrorCode.None)
        {
            OnPartitionError(broker, cursor, answer, turn);
            return;
        }

        cursor.Failures = 0;
        cursor.HighWatermark = answer.HighWatermark;
        cursor.LastStableOffset = answer.LastStableOffset;
        cursor.LogStartOffset = answer.LogStartOffset;
        if (answer.PreferredReadReplica >= 0 && answer.PreferredReadReplica != broker)
        {
            cursor.PreferredReplica = answer.PreferredReadReplica;
            cursor.PreferredUntil = turn.Now + PreferredFor;
        }

        if (answer.RecordsLength == 0) return;
        long next = NextOffset(frame.Span.Slice(answer.RecordsStart, answer.RecordsLength), cursor.FetchOffset, out int epoch);
        if (next < 0)
        {
            consumer.FailPartition(cursor, new ClientError(ErrorCode.CorruptMessage,
                $"the records of {cursor.Partition} from offset {cursor.FetchOffset} on are damaged"), turn);
            return;
        }

        if (next == cursor.FetchOffset) return;
        frame.Retain();
        AbortedTransactionEntry[] aborted = settings.IsolationLevel == IsolationLevel.ReadCommitted
            ? [.. answer.ReadAborted(frame.Span).OrderBy(a => a.FirstOffset)]
            : [];
        _ready.Add(new FetchedChunk(
            cursor, frame, answer.RecordsStart, answer.RecordsLength, cursor.FetchOffset, aborted)
        { Broker = broker, End = next });
        cursor.FetchOffset = next;
        cursor.LastEpoch = epoch;
        cursor.HasBuffered = true;
    }

    /// <summary>The offset after the last whole batch; −1 where a batch is damaged.</summary>
    private static long NextOffset(ReadOnlySpan<byte> records, long position, out int epoch)
    {
        epoch = -1;
        long next = position;
        while (true)
        {
            BatchReadStatus status = RecordBatchView.TryRead(records, out RecordBatchView batch);
            if (status == BatchReadStatus.Corrupt) return -1;
            if (status == BatchReadStatus.Incomplete) return next;
            next = Math.Max(next, batch.NextOffset);
            epoch = batch.PartitionLeaderEpoch;
            records = records[batch.SizeInBytes..];
        }
    }

    private void OnPartitionError(int broker, PartitionCursor cursor, scoped in FetchResponseView answer, ClientTurn turn)
    {
        LeaderAndEpoch leader = answer.CurrentLeader;
        switch (answer.PartitionError)
        {
            case ErrorCode.OffsetOutOfRange when cursor.PreferredReplica == broker:
                // A follower may not have it yet: the leader knows.
                cursor.PreferredReplica = -1;
                break;
            case ErrorCode.OffsetOutOfRange:
                consumer.OnOutOfRange(cursor, turn);
                break;
            case ErrorCode code when code.IsRetriable():
                if (leader.LeaderId >= 0)
                    machine.Metadata.NoteLeader(cursor.Partition, leader.LeaderId, leader.LeaderEpoch, turn);
                cursor.PreferredReplica = -1;
                machine.Metadata.Refresh(turn);
                consumer.BackOff(cursor, turn);
                break;
            default:
                consumer.FailPartition(
                    cursor, ClientError.Of(answer.PartitionError, null, $"{cursor.Partition} cannot be fetched"), turn);
                break;
        }
    }
}
