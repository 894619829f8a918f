using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Operations that are made of several calls.</summary>
internal static class AdminParts
{
    /// <summary>Calls when all have ended, in the turn in which the last one does.</summary>
    public static void WhenAll<T>(
        IReadOnlyCollection<ClientOperation<T>> parts, ClientTurn turn, Action<ClientTurn> done)
    {
        int left = parts.Count;
        if (left == 0)
        {
            done(turn);
            return;
        }

        foreach (ClientOperation<T> part in parts)
            ConsumerPart.Watch(part, turn, (_, now) =>
            {
                if (--left == 0) done(now);
            });
    }

    /// <summary>The first error among parts; null where all succeeded.</summary>
    public static ClientError? FirstError<T>(IEnumerable<ClientOperation<T>> parts) =>
        parts.Select(p => p.Error).FirstOrDefault(e => e is not null);

    /// <summary>One operation for each key; the result tells of each what became of it.</summary>
    public static ClientOperation<IReadOnlyDictionary<TKey, Outcome<TResult>>> Each<TKey, TResult>(
        IEnumerable<TKey> keys, ClientTurn turn, Func<TKey, ClientTurn, ClientOperation<TResult>> ask)
        where TKey : notnull
    {
        ClientOperation<IReadOnlyDictionary<TKey, Outcome<TResult>>> operation = new();
        (TKey Key, ClientOperation<TResult> Part)[] parts = [.. keys.Distinct().Select(k => (k, ask(k, turn)))];
        WhenAll([.. parts.Select(p => p.Part)], turn, now => operation.TrySucceed(
            parts.ByKey(p => p.Key, p => p.Part.Error is { } error
                ? Outcome<TResult>.Failed(error)
                : Outcome<TResult>.Of(p.Part.Result)), now));
        return operation;
    }

    /// <summary>One operation for each broker of the cluster; it fails where one of them does.</summary>
    public static ClientOperation<IReadOnlyList<TResult>> OfAllBrokers<TResult>(
        ClientMachine machine, ClientTurn turn, Func<int, ClientTurn, ClientOperation<IReadOnlyList<TResult>>> ask)
    {
        ClientOperation<IReadOnlyList<TResult>> operation = new();
        ConsumerPart.Watch(ClusterAdmin.Describe(machine, turn), turn, (cluster, now) =>
        {
            if (cluster.Error is { } error)
            {
                operation.TryFail(error, now);
                return;
            }

            // The metadata of the client must know the brokers before calls can go to them.
            machine.Metadata.Refresh(now);
            ClientOperation<IReadOnlyList<TResult>>[] parts = [.. cluster.Result.Brokers.Select(b => ask(b.Id, now))];
            WhenAll(parts, now, end =>
            {
                if (FirstError(parts) is { } first) operation.TryFail(first, end);
                else operation.TrySucceed([.. parts.SelectMany(p => p.Result)], end);
            });
        });
        return operation;
    }

    /// <summary>Asks for the metadata of topics and goes on with it.</summary>
    public static void WithTopics<T>(
        ClientMachine machine,
        ClientTurn turn,
        IEnumerable<string> topics,
        ClientOperation<T> operation,
        Action<IReadOnlyDictionary<string, Outcome<TopicInfo>>, ClientTurn> then) =>
        ConsumerPart.Watch(TopicAdmin.Describe(machine, turn, [.. topics.Distinct(StringComparer.Ordinal)]), turn, (done, now) =>
        {
            if (done.Error is { } error) operation.TryFail(error, now);
            else then(done.Result, now);
        });

    /// <summary>One call per leader of the partitions that are asked about. What a leader refuses because it leads no
    /// more is asked again until the time is over. Loops, not queries: commands wait for this, and what is generic over
    /// structures is compiled anew at each start.</summary>
    /// <param name="machine">The client.</param>
    /// <param name="turn">The step under way.</param>
    /// <param name="items">What is asked of each partition.</param>
    /// <param name="ask">Starts the call to one leader.</param>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, Outcome<TResult>>> ByLeader<TItem, TResult>(
        ClientMachine machine,
        ClientTurn turn,
        IReadOnlyDictionary<TopicPartition, TItem> items,
        Func<int, Dictionary<TopicPartition, TItem>, ClientTurn, ClientOperation<Dictionary<TopicPartition, Outcome<TResult>>>> ask)
    {
        LeaderRound<TItem, TResult> round = new(machine, items, ask, turn.Now + machine.Settings.ApiTimeout);
        round.Start(turn);
        return round.Operation;
    }

    private sealed class LeaderRound<TItem, TResult>(
        ClientMachine machine,
        IReadOnlyDictionary<TopicPartition, TItem> items,
        Func<int, Dictionary<TopicPartition, TItem>, ClientTurn, ClientOperation<Dictionary<TopicPartition, Outcome<TResult>>>> ask,
        Instant deadline) : IClientPart
    {
        private readonly Dictionary<TopicPartition, Outcome<TResult>> _results = [];
        private Dictionary<TopicPartition, TItem> _left = new(items);
        private Instant _retryAt = Instant.Never;
        private int _attempts;

        public ClientOperation<IReadOnlyDictionary<TopicPartition, Outcome<TResult>>> Operation { get; } = new();

        public Instant NextDeadline => _retryAt;

        public void Start(ClientTurn turn)
        {
            List<string> topics = new(_left.Count);
            foreach ((TopicPartition partition, _) in _left) topics.Add(partition.Topic);
            WithTopics(machine, turn, topics, Operation, Ask);
        }

        public void OnTurn(ClientTurn turn)
        {
            if (_retryAt > turn.Now) return;
            _retryAt = Instant.Never;
            machine.Remove(this);
            Start(turn);
        }

        public void OnClosed(ClientError error, ClientTurn turn) => Operation.TryFail(error, turn);

        private void Ask(IReadOnlyDictionary<string, Outcome<TopicInfo>> topics, ClientTurn turn)
        {
            List<LeaderPart> parts = [];
            foreach ((TopicPartition partition, TItem item) in _left)
            {
                ClientError? error = Leader(topics[partition.Topic], partition, out int leader);
                if (error is not null)
                {
                    _results[partition] = Outcome<TResult>.Failed(error);
                    continue;
                }

                PartOf(parts, leader).Items[partition] = item;
            }

            var calls = parts.ConvertAll(p => ask(p.Leader, p.Items, turn));
            WhenAll(calls, turn, now =>
            {
                for (int i = 0; i < parts.Count; i++) Take(parts[i].Items, calls[i]);
                Finish(now);
            });
        }

        private void Take(Dictionary<TopicPartition, TItem> asked, ClientOperation<Dictionary<TopicPartition, Outcome<TResult>>> done)
        {
            foreach ((TopicPartition partition, _) in asked)
            {
                if (done.Error is { } error) _results[partition] = Outcome<TResult>.Failed(error);
                else if (done.Result.TryGetValue(partition, out Outcome<TResult> found)) _results[partition] = found;
                else _results[partition] = Outcome<TResult>.Failed(
                    new ClientError(ErrorCode.UnknownServerError, $"the broker did not answer about {partition}"));
            }
        }

        /// <summary>What goes to one leader, in a list by their ids.</summary>
        private static LeaderPart PartOf(List<LeaderPart> parts, int leader)
        {
            int at = 0;
            while (at < parts.Count && parts[at].Leader < leader) at++;
            if (at == parts.Count || parts[at].Leader != leader) parts.Insert(at, new LeaderPart(leader, []));
            return parts[at];
        }

        private static ClientError? Leader(Outcome<TopicInfo> topic, TopicPartition partition, out int leader)
        {
            leader = -1;
            if (topic.Error is not null) return topic.Error;
            if ((uint)partition.Partition >= (uint)topic.Value!.Partitions.Length)
                return new ClientError(ErrorCode.UnknownTopicOrPartition, $"{partition} does not exist");
            leader = topic.Value.Partitions[partition.Partition].LeaderId;
            return leader >= 0
                ? null
                : new ClientError(ErrorCode.LeaderNotAvailable, $"{partition} has no leader now");
        }

        private void Finish(ClientTurn turn)
        {
            _left = [];
            foreach ((TopicPartition partition, TItem item) in items)
                if (IsPassing(_results[partition].Error)) _left[partition] = item;
            Duration wait = Backoff.After(
                ++_attempts, machine.Settings.RetryBackoff, machine.Settings.RetryBackoffMax, machine.Prng);
            if (_left.Count == 0 || turn.Now + wait > deadline)
            {
                Operation.TrySucceed(_results, turn);
                return;
            }

            _retryAt = turn.Now + wait;
            machine.Add(this);
        }

        private static bool IsPassing(ClientError? error) => error?.Code is ErrorCode.NotLeaderOrFollower
            or ErrorCode.LeaderNotAvailable or ErrorCode.FencedLeaderEpoch or ErrorCode.UnknownLeaderEpoch
            or ErrorCode.OffsetNotAvailable or ErrorCode.ReplicaNotAvailable or ErrorCode.KafkaStorageError;

        private sealed record LeaderPart(int Leader, Dictionary<TopicPartition, TItem> Items);
    }
}
