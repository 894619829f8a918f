using System.Text;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>Fetches for a consumer: one request under way per broker, in a session each, for the partitions of which
/// nothing waits to be taken.</summary>
internal sealed class Fetcher(ClientMachine machine, ConsumerPart consumer, ConsumerSettings settings, int lane)
{
    private readonly Dictionary<int, FetchSession> _sessions = [];
    private readonly SortedDictionary<int, FetchCall> _underWay = [];

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
        Dictionary<int, SortedDictionary<TopicPartition, FetchPoint>>? byBroker = null;
        foreach (PartitionCursor cursor in consumer.Cursors)
        {
            if (!IsWanted(cursor, turn.Now)) continue;
            if (!machine.Metadata.View.TryGetLeader(cursor.Partition, out PartitionInfo? leader))
            {
                machine.Metadata.Refresh(turn);
                continue;
            }

            int broker = ReplicaFor(cursor, leader, turn.Now);
            if (_underWay.ContainsKey(broker)) continue;
            byBroker ??= [];
            if (!byBroker.TryGetValue(broker, out var points))
                byBroker[broker] = points = new SortedDictionary<TopicPartition, FetchPoint>();
            Uuid id = machine.Metadata.View.Topics[cursor.Partition.Topic].Id;
            points[cursor.Partition] = new FetchPoint(id, cursor.FetchOffset, leader.LeaderEpoch, -1);
        }

        if (byBroker is null) return;
        foreach ((int broker, var points) in byBroker.OrderBy(b => b.Key))
            if (!WouldHoldUp(broker, points.Keys)) Send(broker, points, turn);
    }

    public void Close()
    {
        foreach (FetchCall call in _underWay.Values) call.Abandon();
        _underWay.Clear();
        foreach (FetchedChunk chunk in _ready) chunk.Release();
        _ready.Clear();
    }

    private static bool IsWanted(PartitionCursor cursor, Instant now) =>
        cursor is { State: CursorState.Fetching, IsPaused: false, IsHeld: false, IsLeaving: false, HasBuffered: false }
        && cursor.RetryAt <= now;

    /// <summary>Whether a fetch would only wait at the broker for what is not written yet, while records of the same broker's
    /// partitions are about to be taken: these could be fetched on only when that wait is over.</summary>
    private bool WouldHoldUp(int broker, SortedDictionary<TopicPartition, FetchPoint>.KeyCollection partitions)
    {
        bool isTakenSoon = false;
        foreach (FetchedChunk chunk in _ready)
            isTakenSoon |= chunk.Broker == broker && chunk is { IsCurrent: true, Cursor.IsPaused: false };
        if (!isTakenSoon) return false;
        foreach (TopicPartition partition in partitions)
            if (!IsAtEnd(consumer.Find(partition)!)) return false;
        return true;
    }

    /// <summary>True where the broker's last answer has nothing behind the position.</summary>
    private bool IsAtEnd(PartitionCursor cursor)
    {
        long end = settings.IsolationLevel == IsolationLevel.ReadCommitted ? cursor.LastStableOffset : cursor.HighWatermark;
        return end >= 0 && cursor.FetchOffset >= end;
    }

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

    private void Send(int broker, SortedDictionary<TopicPartition, FetchPoint> points, ClientTurn turn)
    {
        if (!_sessions.TryGetValue(broker, out FetchSession? session)) _sessions[broker] = session = new FetchSession();
        bool byId = points.Values.All(p => !p.TopicId.IsZero);
        FetchRequest request = new()
        {
            MaxWaitMs = (int)settings.FetchMaxWait.Ms,
            MinBytes = settings.FetchMinBytes,
            MaxBytes = settings.FetchMaxBytes,
            IsolationLevel = (sbyte)settings.IsolationLevel,
            RackId = machine.Settings.Rack,
        };
        session.Fill(request, points, settings.MaxPartitionFetchBytes, byId);
        Dictionary<TopicPartition, (long Offset, int Generation)> asked = [];
        foreach (TopicPartition partition in points.Keys)
        {
            PartitionCursor cursor = consumer.Find(partition)!;
            asked[partition] = (cursor.FetchOffset, cursor.Generation);
        }

        FetchCall fetch = new(
            CallTarget.Broker(broker, lane), request, byId,
            (call, frame, bodyStart, now) => OnAnswer(broker, call, asked, frame, bodyStart, now),
            (error, now) => OnFailed(broker, error, now))
        {
            MayRepeat = false,
            ExtraTime = settings.FetchMaxWait,
        };
        _underWay[broker] = fetch;
        machine.Calls.Start(fetch, turn);
    }

    private void OnFailed(int broker, ClientError error, ClientTurn turn)
    {
        _underWay.Remove(broker);
        _sessions[broker].Restart(error.Code);
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

    private CallOutcome OnAnswer(
        int broker,
        FetchCall call,
        Dictionary<TopicPartition, (long Offset, int Generation)> asked,
        ClientFrame frame,
        int bodyStart,
        ClientTurn turn)
    {
        _underWay.Remove(broker);
        FetchSession session = _sessions[broker];
        FetchResponseView answer = new(frame.Span, bodyStart, call.Version);
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
                if (!asked.TryGetValue(partition, out var question)) continue;
                PartitionCursor? cursor = consumer.Find(partition);
                bool isCurrent = cursor is not null && cursor.Generation == question.Generation
                    && cursor.FetchOffset == question.Offset && cursor.State == CursorState.Fetching;
                if (isCurrent) TakePartition(broker, cursor!, answer, frame, turn);
            }
        }

        if (answer.Failed) session.Restart(ErrorCode.CorruptMessage);
        consumer.Wake(turn);
        return CallOutcome.Done;
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
        { Broker = broker });
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
