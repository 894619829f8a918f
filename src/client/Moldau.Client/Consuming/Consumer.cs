using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>Reads records, alone or as a member of a group. One reader at a time; everything else may be called from any
/// thread. Heartbeats do not depend on the reader: slow work does not cost the membership.</summary>
/// <typeparam name="TKey">The type of the keys.</typeparam>
/// <typeparam name="TValue">The type of the values.</typeparam>
public sealed class Consumer<TKey, TValue> : IGaugeSource, IAsyncDisposable
{
    private readonly ClientDriver _driver;
    private readonly ConsumerPart _part;
    private readonly ConsumerOptions _options;
    private readonly IDeserializer<TKey> _key;
    private readonly IDeserializer<TValue> _value;
    private readonly ChunkReader _reader;
    private readonly IdlePool<OperationWait> _waits = new(2);
    private bool _isReading;
    private bool _isDisposed;

    internal Consumer(ClientDriver driver, ConsumerOptions options, IDeserializer<TKey> key, IDeserializer<TValue> value)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.WhyInvalid is { } reason) throw new ArgumentException(reason, nameof(options));
        (_driver, _options, _key, _value) = (driver, options, key, value);
        ConsumerSettings settings = options.ToSettings();
        _reader = new ChunkReader(settings);
        _part = driver.Do(settings, static (machine, turn, s) => new ConsumerPart(machine, s, turn));
        ClientTelemetry.Gauges.Add(this);
    }

    IEnumerable<Measurement<long>> IGaugeSource.Lags() => _driver.Do(
        (_part, _options), static (_, _, s) => ConsumerTelemetry.Lags(s._part, s._options));

    /// <summary>The partitions that are read now.</summary>
    public IReadOnlyList<TopicPartition> Assignment =>
        _driver.Do(_part, static (_, _, part) => part.Cursors.Select(c => c.Partition).ToArray());

    /// <summary>True while the reader takes nothing for longer than <see cref="ConsumerOptions.MaxPollInterval"/>: nothing is
    /// fetched then.</summary>
    public bool IsStalled => _driver.Do(_part, static (_, _, part) => part.Stall.IsStalled);

    /// <summary>Who the consumer is in its group now: what commits in a transaction carry, see
    /// <see cref="Transaction"/>.</summary>
    /// <exception cref="InvalidOperationException">The consumer has no group id.</exception>
    public ConsumerGroupMetadata GroupMetadata => _driver.Do(_part, static (_, _, part) =>
    {
        string group = part.Settings.GroupId ?? throw new InvalidOperationException("the consumer has no group id");
        MemberIdentity who = part.Identity;
        return new ConsumerGroupMetadata(group, who.Generation, who.MemberId, who.InstanceId);
    });

    /// <summary>Reads exactly these partitions, without the group's say. Those that were read already go on where they
    /// are.</summary>
    /// <param name="partitions">All partitions to read.</param>
    public void Assign(params IReadOnlyCollection<TopicPartition> partitions) =>
        _driver.Do((_part, partitions), static (_, turn, s) =>
        {
            s._part.Assign(s.partitions, turn);
            return true;
        });

    /// <summary>Reads these topics as a member of the group, with the partitions that the group gives to it.</summary>
    /// <param name="topics">All topics to read.</param>
    /// <exception cref="InvalidOperationException">The consumer has no group id.</exception>
    public void Subscribe(params IReadOnlyCollection<string> topics) =>
        Subscribe(new Subscription([.. topics.Distinct().Order(StringComparer.Ordinal)], null));

    /// <summary>Reads all topics whose names fit a pattern, those that are made later too, as a member of the
    /// group.</summary>
    /// <param name="pattern">Fits the whole name only where it is anchored.</param>
    /// <exception cref="InvalidOperationException">The consumer has no group id.</exception>
    public void Subscribe(Regex pattern) => Subscribe(new Subscription([], pattern));

    /// <summary>Reads all topics whose names fit a pattern at the broker, those that are made later too, as a member of the
    /// group. Needs KIP-848.</summary>
    /// <param name="pattern">In RE2's syntax; the broker refuses it where it is not.</param>
    /// <exception cref="InvalidOperationException">The consumer has no group id.</exception>
    public void Subscribe(SubscriptionPattern pattern) => Subscribe(new Subscription([], null, pattern));

    /// <summary>Goes to an offset of an assigned partition.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">The next offset to read.</param>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public void Seek(TopicPartition partition, long offset) => RequireAssigned(
        partition, _driver.Do((_part, partition, offset), static (_, _, s) => s._part.Seek(s.partition, s.offset, -1)));

    /// <summary>Goes to the first record of an assigned partition.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public void SeekToBeginning(TopicPartition partition) => SeekTo(partition, PartitionCursor.EarliestTimestamp);

    /// <summary>Goes back to the group's committed offset in all assigned partitions: after a transaction was aborted, what it
    /// was about is read again.</summary>
    /// <exception cref="InvalidOperationException">The consumer has no group id.</exception>
    public void SeekToCommitted() => _driver.Do(_part, static (_, _, part) =>
    {
        if (part.Offsets is null) throw new InvalidOperationException("the consumer has no group id");
        part.SeekToCommitted();
        return true;
    });

    /// <summary>Goes behind the last record of an assigned partition.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public void SeekToEnd(TopicPartition partition) => SeekTo(partition, PartitionCursor.LatestTimestamp);

    /// <summary>Goes to the first record that is not older than a time; to the end where there is none.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public void SeekToTime(TopicPartition partition, DateTimeOffset time) =>
        SeekTo(partition, time.ToUnixTimeMilliseconds());

    /// <summary>Reads nothing more of these partitions until <see cref="Resume"/>; a batch that is being read is read to its
    /// end. The membership goes on.</summary>
    public void Pause(params IReadOnlyCollection<TopicPartition> partitions) => SetPaused(partitions, true);

    /// <summary>Reads these partitions again.</summary>
    public void Resume(params IReadOnlyCollection<TopicPartition> partitions) => SetPaused(partitions, false);

    /// <summary>The offset after the last record that counts as worked on; null where nothing was read yet.</summary>
    public long? Position(TopicPartition partition) =>
        _driver.Do((_part, partition), static (_, _, s) => s._part.Find(s.partition)?.Consumed) is { } at and >= 0
            ? at
            : null;

    /// <summary>All records, as they come, until the token says stop. A record's raw bytes are valid until the next is
    /// read.</summary>
    /// <exception cref="MoldauException">The broker refused, or records are damaged.</exception>
    /// <exception cref="RecordFormatException">A key or value cannot be read; the position stays before the
    /// record.</exception>
    public async IAsyncEnumerable<ConsumedRecord<TKey, TValue>> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        BeginReading();
        try
        {
            while (true)
            {
                await PollAsync(cancel).ConfigureAwait(false);
                while (!IsPausedAmid() && TryRead(out ConsumedRecord<TKey, TValue> record))
                {
                    yield return record;
                    if (!_options.CommitOnlyDone) record.Done();
                    cancel.ThrowIfCancellationRequested();
                }
            }
        }
        finally
        {
            EndReading();
        }
    }

    /// <summary>All records in batches, each of one partition, of what one fetch brought, and of at most
    /// <see cref="ConsumerOptions.MaxPollRecords"/>. A batch is read once, before the next is asked for; what is left of one
    /// that was read in part comes with the next.</summary>
    /// <exception cref="MoldauException">The broker refused, or records are damaged.</exception>
    public async IAsyncEnumerable<ConsumedBatch<TKey, TValue>> ReadBatchesAsync(
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        BeginReading();
        try
        {
            ConsumedBatch<TKey, TValue> batch = new(this);
            while (true)
            {
                PartitionCursor cursor = await PollAsync(cancel).ConfigureAwait(false);
                do
                {
                    batch.Open(cursor, _options.MaxPollRecords);
                    yield return batch;
                    if (!_options.CommitOnlyDone) batch.Done();
                    cancel.ThrowIfCancellationRequested();
                }
                while (batch.HasRead && HasMore && !IsPausedAmid());
            }
        }
        finally
        {
            EndReading();
        }
    }

    /// <summary>Commits what was worked on.</summary>
    /// <exception cref="MoldauException">The group refused, for instance because the partitions belong to another member
    /// now.</exception>
    public Task CommitAsync(CancellationToken cancel = default) => ConsumerTelemetry.CommitAsync(
        _driver, _options,
        (_part, cancel), static (driver, s) =>
            driver.WaitAsync(s._part, static (_, turn, part) => part.Commit(part.Uncommitted(), turn), s.cancel));

    /// <summary>Commits these offsets.</summary>
    /// <param name="offsets">For each partition the next offset to read.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">The group refused.</exception>
    public Task CommitAsync(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, CancellationToken cancel = default) =>
        ConsumerTelemetry.CommitAsync(
            _driver, _options,
            (_part, offsets, cancel), static (driver, s) => driver.WaitAsync(
                (s._part, s.offsets), static (_, turn, of) => of._part.Commit(of.offsets, turn), s.cancel));

    /// <summary>The group's committed offsets; partitions without one are missing.</summary>
    /// <exception cref="MoldauException">The coordinator refused or cannot be reached.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, CommittedOffset>> CommittedAsync(
        IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel = default) =>
        _driver.WaitAsync(
            (_part, partitions, IsStable: _options.IsolationLevel == IsolationLevel.ReadCommitted),
            static (_, turn, s) => (s._part.Offsets ?? throw new InvalidOperationException("the consumer has no group id"))
                .Fetch(s.partitions, s.IsStable, () => s._part.Identity, turn),
            cancel);

    /// <summary>Tells the listener that the partitions go, commits what was worked on where that is wanted, leaves the group and
    /// closes the links. A static member stays in its group until its session ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        ClientTelemetry.Gauges.Remove(this);
        try
        {
            await _driver.WaitAsync(_part, static (_, turn, part) => part.Leave(turn), default).ConfigureAwait(false);
        }
        catch (Exception error) when (error is MoldauException or ObjectDisposedException)
        {
            // The client was closed before its consumer: nothing is left to close.
        }

        if (!_isReading) _reader.Dispose();
    }

    /// <summary>What a transaction commits in the consumer's name: of all that was worked on, the record that is read now
    /// included unless only done ones count.</summary>
    internal (IReadOnlyDictionary<TopicPartition, long> Offsets, ConsumerGroupMetadata Group) ForTransaction()
    {
        if (_options.GroupId is null) throw new InvalidOperationException("the consumer has no group id: it has no offsets");
        if (_options.EnableAutoCommit)
        {
            throw new InvalidOperationException(
                "the consumer commits its offsets by itself, a transaction could not take them back: set"
                + " ConsumerOptions.EnableAutoCommit to false");
        }

        if (!_options.CommitOnlyDone && _reader.Chunk is { } chunk)
            chunk.Cursor.MarkDone(_reader.Position, _reader.BatchEpoch, chunk.Generation);
        return _driver.Do(_part, static (_, _, part) =>
        {
            if (part.WhyNoCommit() is { } error) throw new MoldauException(error);
            MemberIdentity who = part.Identity;
            return (
                (IReadOnlyDictionary<TopicPartition, long>)part.Uncommitted().ToDictionary(o => o.Key, o => o.Value.Offset),
                new ConsumerGroupMetadata(part.Settings.GroupId!, who.Generation, who.MemberId, who.InstanceId));
        });
    }

    /// <summary>True where the reader is not at the end of what it took.</summary>
    private bool HasMore => _reader.Chunk is { IsCurrent: true } chunk && _reader.Position < chunk.End;

    /// <summary>Behind what the reader read or passed over.</summary>
    internal long NextOffset => _reader.Position;

    internal bool TryRead(out ConsumedRecord<TKey, TValue> record)
    {
        record = default;
        if (!_reader.MoveNext(out RecordMemory raw, out ClientError? error))
        {
            return error is null ? false : throw new MoldauException(error);
        }

        PartitionCursor cursor = _reader.Chunk!.Cursor;
        string topic = cursor.Partition.Topic;
        try
        {
            TKey? key = raw.Key is { } k ? _key.Deserialize(k, new SerializationContext(topic, true)) : default;
            TValue? value = raw.Value is { } v ? _value.Deserialize(v, new SerializationContext(topic, false)) : default;
            record = new ConsumedRecord<TKey, TValue>(_reader.Chunk!, raw, _reader.BatchEpoch, key, value);
            _part.Stall.OnRead();
            if (ClientTelemetry.Consumed.Enabled) ConsumerTelemetry.Count(cursor.Partition, _options);
            return true;
        }
        catch (Exception inner) when (inner is not OutOfMemoryException)
        {
            throw new RecordFormatException(cursor.Partition, raw.Offset, inner);
        }
    }

    /// <summary>On the reader's own thread, so that no record is given out twice or never.</summary>
    private bool IsPausedAmid()
    {
        FetchedChunk chunk = _reader.Chunk!;
        if (!chunk.Cursor.IsPaused) return false;
        _driver.Do((_part, chunk, _reader.Position, _reader.BatchEpoch), static (_, _, s) =>
        {
            s._part.PutBack(s.chunk, s.Position, s.BatchEpoch);
            return true;
        });
        return true;
    }

    private ValueTask<PartitionCursor> PollAsync(CancellationToken cancel) =>
        ClientTelemetry.WantsOperations ? TracedPollAsync(cancel) : NextChunkAsync(cancel);

    private async ValueTask<PartitionCursor> TracedPollAsync(CancellationToken cancel)
    {
        OperationTrace trace = OperationTrace.Begin("poll", "receive", null, _options.GroupId, _driver.ClientId);
        try
        {
            PartitionCursor cursor = await NextChunkAsync(cancel).ConfigureAwait(false);
            trace.Name(cursor.Partition.Topic, cursor.Partition.Partition);
            trace.End();
            return cursor;
        }
        catch (Exception error) when (trace.EndOn(error))
        {
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PartitionCursor> NextChunkAsync(CancellationToken cancel)
    {
        _reader.Close();
        while (true)
        {
            (FetchedChunk? chunk, ClientError? error, OperationWait? wait) = _driver.Do(
                (Consumer: this, cancel), static (_, turn, s) => s.Consumer.TakeOrWait(turn, s.cancel));
            if (error is not null) throw new MoldauException(error);
            if (chunk is not null)
            {
                _reader.Open(chunk);
                return chunk.Cursor;
            }

            await _driver.Await(wait!.End, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>In one turn: what is there, or the wait for it.</summary>
    private (FetchedChunk? Chunk, ClientError? Error, OperationWait? Wait) TakeOrWait(ClientTurn turn, CancellationToken cancel)
    {
        if (_part.TryTakeError(out ClientError? error)) return (null, error, null);
        if (_part.Take() is { } chunk) return (chunk, null, null);
        return (null, null, OperationWait.For(_part.WaitForRecords(turn), _waits, cancel));
    }

    private void Subscribe(Subscription subscription)
    {
        if (_options.GroupId is null)
            throw new InvalidOperationException("a subscription needs a group: set ConsumerOptions.GroupId, or use Assign");
        _driver.Do((_part, subscription), static (_, turn, s) =>
        {
            s._part.Subscribe(s.subscription, turn);
            return true;
        });
    }

    private void BeginReading()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Interlocked.Exchange(ref _isReading, true))
            throw new InvalidOperationException("the consumer is being read already: one reader at a time");
    }

    private void EndReading()
    {
        _reader.Close();
        Interlocked.Exchange(ref _isReading, false);
        if (_isDisposed) _reader.Dispose();
    }

    private void SeekTo(TopicPartition partition, long timestamp) => RequireAssigned(
        partition, _driver.Do((_part, partition, timestamp), static (_, _, s) => s._part.SeekTo(s.partition, s.timestamp)));

    private static void RequireAssigned(TopicPartition partition, bool isAssigned)
    {
        if (!isAssigned) throw new InvalidOperationException($"{partition} is not assigned to this consumer");
    }

    private void SetPaused(IReadOnlyCollection<TopicPartition> partitions, bool isPaused) =>
        _driver.Do((_part, partitions, isPaused), static (_, turn, s) =>
        {
            s._part.Pause(s.partitions, s.isPaused, turn);
            return true;
        });
}

/// <summary>A record whose key or value the deserializer cannot read.</summary>
public sealed class RecordFormatException : Exception
{
    internal RecordFormatException(TopicPartition partition, long offset, Exception inner)
        : base($"the record at offset {offset} of {partition} cannot be read: {inner.Message}", inner) =>
        (TopicPartition, Offset) = (partition, offset);

    /// <summary>Where the record is.</summary>
    public TopicPartition TopicPartition { get; }

    /// <summary>The record's offset: <see cref="Consumer{TKey,TValue}.Seek"/> behind it passes it over.</summary>
    public long Offset { get; }
}
