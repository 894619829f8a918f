using System.Runtime.CompilerServices;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>Reads records as a member of a share group (KIP-932): each record is given to one consumer at a time, and again
/// until it is acknowledged; partitions may have more consumers than one. One reader at a time; everything else may be called
/// from any thread.</summary>
/// <typeparam name="TKey">The type of the keys.</typeparam>
/// <typeparam name="TValue">The type of the values.</typeparam>
public sealed class ShareConsumer<TKey, TValue> : IAsyncDisposable
{
    private readonly ClientDriver _driver;
    private readonly SharePart _part;
    private readonly ShareConsumerOptions _options;
    private readonly IDeserializer<TKey> _key;
    private readonly IDeserializer<TValue> _value;
    private readonly ChunkReader _reader;
    private ShareLease? _lease;
    private bool _isReading;
    private bool _isDisposed;

    internal ShareConsumer(
        ClientDriver driver, ShareConsumerOptions options, IDeserializer<TKey> key, IDeserializer<TValue> value)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.GroupId);
        (_driver, _options, _key, _value) = (driver, options, key, value);
        _reader = new ChunkReader(new ConsumerSettings { CheckCrcs = options.CheckCrcs });
        _part = driver.Do(options.ToSettings(), static (machine, _, s) => new SharePart(machine, s));
    }

    /// <summary>The partitions that are read now; other members may read them too.</summary>
    public IReadOnlyList<TopicPartition> Assignment =>
        _driver.Do(_part, static (_, _, part) => part.Assigned.Select(p => p.Name).ToArray());

    /// <summary>How long brokers keep records locked that were given out (<c>share.record.lock.duration.ms</c>); null before
    /// the first fetch.</summary>
    public TimeSpan? AcquisitionLockTimeout =>
        _driver.Do(_part, static (_, _, part) => part.LockTimeoutMs) is > 0 and var ms ? TimeSpan.FromMilliseconds(ms) : null;

    /// <summary>Reads these topics as a member of the share group.</summary>
    /// <param name="topics">All topics to read.</param>
    public void Subscribe(params IReadOnlyCollection<string> topics)
    {
        string[] sorted = [.. topics.Distinct().Order(StringComparer.Ordinal)];
        _driver.Do((_part, sorted), static (_, turn, s) =>
        {
            s._part.Subscribe(s.sorted, turn);
            return true;
        });
    }

    /// <summary>All records, as they come, until the token says stop. A record's raw bytes are valid until the next is read.
    /// What was locked but not read when the loop ends is given to others at once.</summary>
    /// <exception cref="MoldauException">The broker refused, or records are damaged. Clusters without share groups answer
    /// <c>UNSUPPORTED_VERSION</c>.</exception>
    /// <exception cref="RecordFormatException">A key or value cannot be read; the record is rejected in implicit mode, and
    /// comes again in explicit mode when its lock ends.</exception>
    public async IAsyncEnumerable<SharedRecord<TKey, TValue>> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Interlocked.Exchange(ref _isReading, true))
            throw new InvalidOperationException("the consumer is being read already: one reader at a time");
        try
        {
            while (true)
            {
                await NextLeaseAsync(cancel).ConfigureAwait(false);
                while (TryRead(out SharedRecord<TKey, TValue> record))
                {
                    yield return record;
                    if (_options.AcknowledgementMode == ShareAcknowledgementMode.Implicit)
                        Acknowledge(_lease!, record.Offset, AcknowledgeType.Accept);
                    cancel.ThrowIfCancellationRequested();
                }
            }
        }
        finally
        {
            EndReading();
        }
    }

    /// <summary>Brings all acknowledgements to the brokers and waits for their word.</summary>
    /// <exception cref="MoldauException">Acknowledgements since the last commit were refused, mostly because their locks had
    /// ended (<c>INVALID_RECORD_STATE</c>): those records come again.</exception>
    public Task CommitAsync(CancellationToken cancel = default) =>
        _driver.WaitAsync(_part, static (_, turn, part) => part.Commit(turn), cancel);

    /// <summary>Acknowledges what was decided, releases everything else that is locked, and leaves the group.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        try
        {
            await _driver.WaitAsync(_part, static (_, turn, part) => part.Leave(turn), default).ConfigureAwait(false);
        }
        catch (Exception error) when (error is MoldauException or ObjectDisposedException)
        {
            // The client was closed before: the broker releases everything when the connection goes.
        }

        if (!_isReading) _reader.Dispose();
    }

    /// <summary>False where the record was acknowledged before.</summary>
    internal bool Acknowledge(ShareLease lease, long offset, AcknowledgeType type) => _driver.Do(
        (_part, lease, offset, type), static (_, turn, s) => s._part.Acknowledge(s.lease, s.offset, (sbyte)s.type, turn));

    private bool TryRead(out SharedRecord<TKey, TValue> record)
    {
        record = default;
        ShareLease lease = _lease!;
        ClientError? error;
        while (_reader.MoveNext(out RecordMemory raw, out error))
        {
            int deliveryCount = _driver.Do(
                (_part, lease, raw.Offset), static (_, turn, s) => s._part.Advance(s.lease, s.Offset, turn));
            if (deliveryCount == 0) continue;
            ConsumedRecord<TKey, TValue> read = Deserialize(lease, raw);
            record = new SharedRecord<TKey, TValue>(this, lease, read, deliveryCount);
            return true;
        }

        if (error is not null) throw new MoldauException(error);
        _driver.Do((_part, lease), static (_, turn, s) =>
        {
            s._part.Finish(s.lease, turn);
            return true;
        });
        return false;
    }

    private ConsumedRecord<TKey, TValue> Deserialize(ShareLease lease, in RecordMemory raw)
    {
        TopicPartition partition = lease.Partition.Name;
        try
        {
            TKey? key = raw.Key is { } k ? _key.Deserialize(k, new SerializationContext(partition.Topic, true)) : default;
            TValue? value = raw.Value is { } v ? _value.Deserialize(v, new SerializationContext(partition.Topic, false)) : default;
            return new ConsumedRecord<TKey, TValue>(lease.Chunk, raw, _reader.BatchEpoch, key, value);
        }
        catch (Exception inner) when (inner is not OutOfMemoryException)
        {
            if (_options.AcknowledgementMode == ShareAcknowledgementMode.Implicit)
                Acknowledge(lease, raw.Offset, AcknowledgeType.Reject);
            throw new RecordFormatException(partition, raw.Offset, inner);
        }
    }

    private async ValueTask NextLeaseAsync(CancellationToken cancel)
    {
        _reader.Close();
        while (true)
        {
            (ShareLease? lease, ClientError? error) = _driver.Do(_part, static (_, _, part) =>
                (part.TryTakeError(out ClientError? e) ? null : part.Take(), e));
            if (error is not null) throw new MoldauException(error);
            if (lease is not null)
            {
                _lease = lease;
                _reader.Open(lease.Chunk);
                return;
            }

            await _driver.WaitAsync(_part, static (_, turn, part) => part.WaitForRecords(turn), cancel).ConfigureAwait(false);
        }
    }

    private void EndReading()
    {
        _reader.Close();
        _lease = null;
        try
        {
            _driver.Do(_part, static (_, turn, part) =>
            {
                part.ReleaseUnread(turn);
                return true;
            });
        }
        catch (ObjectDisposedException)
        {
            // The client was closed: the broker has released everything.
        }

        Interlocked.Exchange(ref _isReading, false);
        if (_isDisposed) _reader.Dispose();
    }
}
