using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Finds positions for the cursors that have none, and checks those whose leader changed: ListOffsets and
/// OffsetForLeaderEpoch, one request per leader.</summary>
internal sealed class OffsetResolver(ClientMachine machine, ConsumerPart consumer, ConsumerSettings settings)
{
    /// <summary>OffsetForLeaderEpoch is open to consumers from here on.</summary>
    private const short FirstConsumerEpochVersion = 3;

    public void OnTurn(ClientTurn turn)
    {
        // Most turns find nothing.
        List<Leader>? leaders = null;
        foreach (PartitionCursor cursor in consumer.Cursors)
        {
            if (cursor.State is CursorState.AwaitsCommitted or CursorState.Failed || cursor.IsAsking) continue;
            if (!machine.Metadata.View.TryGetLeader(cursor.Partition, out PartitionInfo? leader))
            {
                if (cursor.State != CursorState.Fetching) machine.Metadata.Refresh(turn);
                continue;
            }

            NoteEpoch(cursor, leader);
            if (cursor.RetryAt > turn.Now) continue;
            if (cursor.State is not (CursorState.AwaitsReset or CursorState.AwaitsValidation)) continue;
            Leader asked = Leader.Of(leaders ??= [], leader.LeaderId);
            (cursor.State == CursorState.AwaitsReset ? asked.Resets : asked.Checks).Add(cursor);
        }

        if (leaders is null) return;
        foreach (Leader leader in leaders)
        {
            if (leader.Resets.Count > 0) Reset(leader.Id, leader.Resets, turn);
            if (leader.Checks.Count > 0) Check(leader.Id, leader.Checks, turn);
        }
    }

    /// <summary>A position that was read under another leader is checked before it is used (KIP-320).</summary>
    private static void NoteEpoch(PartitionCursor cursor, PartitionInfo leader)
    {
        if (cursor.State != CursorState.Fetching || leader.LeaderEpoch <= cursor.SeenLeaderEpoch) return;
        if (cursor.LastEpoch >= 0 && cursor.LastEpoch < leader.LeaderEpoch && cursor.SeenLeaderEpoch >= 0)
            cursor.State = CursorState.AwaitsValidation;
        cursor.SeenLeaderEpoch = leader.LeaderEpoch;
    }

    private void Reset(int broker, List<PartitionCursor> cursors, ClientTurn turn)
    {
        ListOffsetsRequest request = new()
        {
            ReplicaId = -1,
            IsolationLevel = (sbyte)settings.IsolationLevel,
            TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
        };
        foreach (var topic in cursors.GroupBy(c => c.Partition.Topic, StringComparer.Ordinal))
        {
            request.Topics.Add(new ListOffsetsRequest.ListOffsetsTopic
            {
                Name = topic.Key,
                Partitions = [.. topic.Select(c => new ListOffsetsRequest.ListOffsetsPartition
                {
                    PartitionIndex = c.Partition.Partition,
                    Timestamp = c.ResetTimestamp,
                    CurrentLeaderEpoch = EpochOf(c),
                })],
            });
        }

        Ask<ListOffsetsRequest, ListOffsetsResponse>(
            broker, cursors, request, OldestListing(settings.IsolationLevel),
            static answer => answer.Topics.SelectMany(t => t.Partitions.Select(p => new Found(
                new TopicPartition(t.Name, p.PartitionIndex), ErrorCodes.FromWire(p.ErrorCode), p.Offset, p.LeaderEpoch))),
            TakeReset, turn);
    }

    /// <summary>Older brokers know nothing of transactions, and their requests have no field for them.</summary>
    internal static short OldestListing(IsolationLevel isolation) =>
        isolation == IsolationLevel.ReadCommitted ? (short)2 : ApiTable.Get(ApiKey.ListOffsets).LowestVersion;

    private void TakeReset(PartitionCursor cursor, Found found, ClientTurn turn)
    {
        if (found.Offset < 0)
        {
            // No record is as young as that: the end.
            cursor.Reset(PartitionCursor.LatestTimestamp);
            return;
        }

        cursor.Seek(found.Offset, found.Epoch);
        machine.HasNews = true;
    }

    private void Check(int broker, List<PartitionCursor> cursors, ClientTurn turn)
    {
        OffsetForLeaderEpochRequest request = new() { ReplicaId = -1 };
        foreach (var topic in cursors.GroupBy(c => c.Partition.Topic, StringComparer.Ordinal))
        {
            request.Topics.Add(new OffsetForLeaderEpochRequest.OffsetForLeaderTopic
            {
                Topic = topic.Key,
                Partitions = [.. topic.Select(c => new OffsetForLeaderEpochRequest.OffsetForLeaderPartition
                {
                    Partition = c.Partition.Partition,
                    LeaderEpoch = c.LastEpoch,
                    CurrentLeaderEpoch = EpochOf(c),
                })],
            });
        }

        Ask<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>(
            broker, cursors, request, FirstConsumerEpochVersion,
            static answer => answer.Topics.SelectMany(t => t.Partitions.Select(p => new Found(
                new TopicPartition(t.Topic, p.Partition), ErrorCodes.FromWire(p.ErrorCode), p.EndOffset, p.LeaderEpoch))),
            TakeCheck, turn);
    }

    /// <summary>Asks the leader of these cursors, and hands each what it found, unless it went elsewhere meanwhile.</summary>
    private void Ask<TRequest, TResponse>(
        int broker,
        List<PartitionCursor> cursors,
        TRequest request,
        short from,
        Func<TResponse, IEnumerable<Found>> read,
        Action<PartitionCursor, Found, ClientTurn> take,
        ClientTurn turn)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse>
    {
        Dictionary<TopicPartition, Question> asked = Begin(cursors);
        ClientCall<TRequest, TResponse> call = new(
            CallTarget.Broker(broker),
            _ => request,
            (answer, now) =>
            {
                foreach (Found found in read(answer))
                {
                    if (Current(asked, found.Partition) is not { } cursor) continue;
                    if (found.Code == ErrorCode.None) take(cursor, found, now);
                    else OnError(cursor, found.Code, now);
                }

                End(asked, now);
                return CallOutcome.Done;
            },
            (error, now) =>
            {
                // A broker that cannot check positions: go on as consumers before KIP-320 did.
                if (error.Code == ErrorCode.UnsupportedVersion && from == FirstConsumerEpochVersion) Skip(asked);
                else Failed(asked, error, now);
            })
        {
            Deadline = turn.Now + machine.Settings.RequestTimeout,
            From = from,
        };
        machine.Calls.Start(call, turn);
    }

    private void TakeCheck(PartitionCursor cursor, Found found, ClientTurn turn)
    {
        if (found.Epoch < 0 || found.Offset < 0)
        {
            consumer.OnOutOfRange(cursor, turn);
        }
        else if (found.Offset < cursor.FetchOffset)
        {
            // The log was truncated below the position: what is read next would not follow what was read.
            consumer.OnTruncated(cursor, found.Epoch, found.Offset, turn);
        }
        else
        {
            cursor.State = CursorState.Fetching;
        }
    }

    private int EpochOf(PartitionCursor cursor) =>
        machine.Metadata.View.TryGetLeader(cursor.Partition, out PartitionInfo? leader) ? leader.LeaderEpoch : -1;

    private static Dictionary<TopicPartition, Question> Begin(List<PartitionCursor> cursors)
    {
        foreach (PartitionCursor cursor in cursors) cursor.IsAsking = true;
        return cursors.ByKey(c => c.Partition, c => new Question(c, c.Generation));
    }

    /// <summary>The cursor, if it still waits for this answer. One that took its place when the partition was given away and
    /// came back does not, though it may have been moved as often.</summary>
    private PartitionCursor? Current(Dictionary<TopicPartition, Question> asked, TopicPartition partition) =>
        asked.TryGetValue(partition, out Question question) && consumer.Find(partition) == question.Cursor
        && question.Cursor.Generation == question.Generation
            ? question.Cursor
            : null;

    private void End(Dictionary<TopicPartition, Question> asked, ClientTurn turn)
    {
        foreach (Question question in asked.Values) question.Cursor.IsAsking = false;
        consumer.Wake(turn);
    }

    private void Skip(Dictionary<TopicPartition, Question> asked)
    {
        foreach ((PartitionCursor cursor, int _) in asked.Values)
        {
            cursor.IsAsking = false;
            if (cursor.State == CursorState.AwaitsValidation) cursor.State = CursorState.Fetching;
        }
    }

    private void Failed(Dictionary<TopicPartition, Question> asked, ClientError error, ClientTurn turn)
    {
        foreach (TopicPartition partition in asked.Keys)
            if (Current(asked, partition) is { } cursor) OnError(cursor, error.Code, turn);
        End(asked, turn);
    }

    private void OnError(PartitionCursor cursor, ErrorCode code, ClientTurn turn)
    {
        if (code.IsRetriable())
        {
            machine.Metadata.Refresh(turn);
            consumer.BackOff(cursor, turn);
            return;
        }

        consumer.FailPartition(cursor, ClientError.Of(code, null, $"no offset of {cursor.Partition} can be had"), turn);
    }

    /// <summary>What a turn has to ask a leader.</summary>
    private sealed class Leader(int id)
    {
        public int Id { get; } = id;

        public List<PartitionCursor> Resets { get; } = [];

        public List<PartitionCursor> Checks { get; } = [];

        /// <summary>The one with that id, in a list by ids.</summary>
        public static Leader Of(List<Leader> leaders, int id)
        {
            int at = 0;
            while (at < leaders.Count && leaders[at].Id < id) at++;
            if (at == leaders.Count || leaders[at].Id != id) leaders.Insert(at, new Leader(id));
            return leaders[at];
        }
    }

    /// <summary>What was asked about a cursor, which may be moved or replaced before the answer comes.</summary>
    private readonly record struct Question(PartitionCursor Cursor, int Generation);

    /// <summary>What a leader says of a partition: an offset and the epoch of the record before it.</summary>
    private sealed record Found(TopicPartition Partition, ErrorCode Code, long Offset, int Epoch);
}
