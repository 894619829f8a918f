using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>Sends records. By default no record is lost, doubled or moved past another of its partition by retries
/// (idempotence). Safe for use by many threads at once. Get it from <see cref="MoldauClient.CreateProducer"/>.</summary>
/// <remarks>Records of one partition are written in the order of the calls, whether they are awaited or not. Errors come
/// as <see cref="MoldauException"/>; a record that failed may be sent again by its owner.</remarks>
public sealed partial class Producer : IGaugeSource, IAsyncDisposable
{
    /// <summary>Failures of enqueued records beyond these are counted, not kept.</summary>
    private const int MostFailuresKept = 1000;

    private const int MostIdle = 4096;

    private readonly ClientDriver _driver;
    private readonly ProducerPart _part;
    private readonly IdlePool<SendDelivery> _sends = new(MostIdle);
    private readonly IdlePool<ParkedWaiter> _parked = new(MostIdle);
    private readonly ReportQueue _reports;
    private readonly IReadOnlyList<IProducerInterceptor> _interceptors;
    private readonly ConcurrentQueue<MoldauException> _failures = new();

    /// <summary>Receipts of batches that are over; only under the client's lock.</summary>
    private readonly Stack<BatchReceipts> _receipts = new();

    internal Producer(ClientDriver driver, ProducerOptions options)
    {
        if (options.WhyInvalid is { } reason) throw new ArgumentException(reason, nameof(options));
        (_driver, _interceptors) = (driver, options.Interceptors);
        _reports = new ReportQueue(_interceptors);
        _part = driver.Do(options, static (machine, _, o) => new ProducerPart(machine, o));
        ClientTelemetry.Gauges.Add(this);
    }

    IEnumerable<Measurement<long>> IGaugeSource.BufferUsed()
    {
        long used = _driver.Do(_part, static (_, _, part) => part.Accumulator.Memory.Used);
        return [new Measurement<long>(used, new KeyValuePair<string, object?>("messaging.client.id", _driver.ClientId))];
    }

    internal bool HasInterceptors => _interceptors.Count > 0;

    /// <summary>Sends a record and waits until it is acknowledged.</summary>
    /// <param name="topic">The topic with the formats of key and value.</param>
    /// <param name="key">The key; null for none.</param>
    /// <param name="value">The value; null for a tombstone.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record was not written, or nobody knows.</exception>
    public ValueTask<RecordMetadata> SendAsync<TKey, TValue>(
        Topic<TKey, TValue> topic, TKey? key, TValue? value, CancellationToken cancel = default) =>
        SendAsync(topic, new ProducerRecord<TKey, TValue>(key, value), cancel);

    /// <summary>Sends a record with headers, a time or a partition of its own, and waits until it is
    /// acknowledged.</summary>
    /// <param name="topic">The topic with the formats of key and value.</param>
    /// <param name="record">The record.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record was not written, or nobody knows.</exception>
    public ValueTask<RecordMetadata> SendAsync<TKey, TValue>(
        Topic<TKey, TValue> topic, in ProducerRecord<TKey, TValue> record, CancellationToken cancel = default)
    {
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled<RecordMetadata>(cancel);
        SendDelivery delivery = Awaited(cancel);
        ValueTask<RecordMetadata> result = delivery.Result;
        Serialize(topic, record, delivery, default).Forget();
        return result;
    }

    /// <summary>Sends bytes and waits until they are acknowledged.</summary>
    /// <param name="topic">The topic's name.</param>
    /// <param name="key">The key's bytes; empty for no key. A <see cref="RawRecord"/> can have an empty one.</param>
    /// <param name="value">The value's bytes, copied before the call returns.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record was not written, or nobody knows.</exception>
    public ValueTask<RecordMetadata> SendAsync(
        string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, CancellationToken cancel = default)
    {
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled<RecordMetadata>(cancel);
        SendDelivery delivery = Awaited(cancel);
        ValueTask<RecordMetadata> result = delivery.Result;
        Append(Raw(topic, key, value), delivery, default).Forget();
        return result;
    }

    /// <summary>Sends bytes with headers, a time or a partition, and waits until they are acknowledged.</summary>
    /// <param name="topic">The topic's name.</param>
    /// <param name="record">The record; its bytes are copied before the call returns.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record was not written, or nobody knows.</exception>
    public ValueTask<RecordMetadata> SendAsync(string topic, in RawRecord record, CancellationToken cancel = default)
    {
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled<RecordMetadata>(cancel);
        SendDelivery delivery = Awaited(cancel);
        ValueTask<RecordMetadata> result = delivery.Result;
        Append(Raw(topic, record), delivery, default).Forget();
        return result;
    }

    /// <summary>Puts a record into its batch and does not wait for its acknowledgement; it waits only while the buffer
    /// memory is full or the topic is not known yet. <see cref="FlushAsync"/> tells of failures.</summary>
    /// <param name="topic">The topic with the formats of key and value.</param>
    /// <param name="key">The key; null for none.</param>
    /// <param name="value">The value; null for a tombstone.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record cannot be taken.</exception>
    public ValueTask EnqueueAsync<TKey, TValue>(
        Topic<TKey, TValue> topic, TKey? key, TValue? value, CancellationToken cancel = default) =>
        EnqueueAsync(topic, new ProducerRecord<TKey, TValue>(key, value), null, cancel);

    /// <summary>Puts a record with headers, a time or a partition into its batch; see the shorter form.</summary>
    /// <param name="topic">The topic with the formats of key and value.</param>
    /// <param name="record">The record.</param>
    /// <param name="onDelivery">Told what became of the record, on a pool thread, in the order of a partition's offsets.
    /// With it, a failure is not told by <see cref="FlushAsync"/>.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record cannot be taken.</exception>
    public ValueTask EnqueueAsync<TKey, TValue>(
        Topic<TKey, TValue> topic,
        in ProducerRecord<TKey, TValue> record,
        Action<DeliveryReport>? onDelivery = null,
        CancellationToken cancel = default)
    {
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled(cancel);
        return Serialize(topic, record, Handled(onDelivery), cancel).End;
    }

    /// <summary>Puts bytes into their batch; see the typed form.</summary>
    /// <param name="topic">The topic's name.</param>
    /// <param name="key">The key's bytes; empty for no key. A <see cref="RawRecord"/> can have an empty one.</param>
    /// <param name="value">The value's bytes, copied before the call returns.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record cannot be taken.</exception>
    public ValueTask EnqueueAsync(
        string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, CancellationToken cancel = default)
    {
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled(cancel);
        return Append(Raw(topic, key, value), null, cancel).End;
    }

    /// <summary>Puts bytes with headers, a time or a partition into their batch; see the typed form.</summary>
    /// <param name="topic">The topic's name.</param>
    /// <param name="record">The record; its bytes are copied before the call returns.</param>
    /// <param name="onDelivery">Told what became of the record, on a pool thread, in the order of a partition's
    /// offsets.</param>
    /// <param name="cancel">Gives up waiting; the record may be written all the same.</param>
    /// <exception cref="MoldauException">The record cannot be taken.</exception>
    public ValueTask EnqueueAsync(
        string topic,
        in RawRecord record,
        Action<DeliveryReport>? onDelivery = null,
        CancellationToken cancel = default)
    {
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled(cancel);
        return Append(Raw(topic, record), Handled(onDelivery), cancel).End;
    }

    /// <summary>Sends what lingers and waits until every record that was given before is acknowledged or has
    /// failed.</summary>
    /// <param name="cancel">Gives up waiting; the records go on.</param>
    /// <exception cref="AggregateException">Enqueued records have failed since the last flush: one
    /// <see cref="MoldauException"/> each, the first thousand of them.</exception>
    public async Task FlushAsync(CancellationToken cancel = default)
    {
        await _driver.WaitAsync(_part, static (_, turn, part) => part.Flush(turn), cancel).ConfigureAwait(false);
        if (_failures.IsEmpty) return;
        List<MoldauException> failures = [];
        while (_failures.TryDequeue(out MoldauException? failure)) failures.Add(failure);
        if (failures.Count > 0) throw new AggregateException("enqueued records were not written", failures);
    }

    /// <summary>Opens a transaction; one at a time. The first one waits for the coordinator, fences older producers of the
    /// same <see cref="ProducerOptions.TransactionalId"/> off, and aborts what they left open.</summary>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="InvalidOperationException">The producer has no transactional id.</exception>
    /// <exception cref="MoldauException">The coordinator refused or could not be reached.</exception>
    public async Task<Transaction> BeginTransactionAsync(CancellationToken cancel = default)
    {
        await Transact(0, static (t, turn, _) => t.Begin(turn), cancel).ConfigureAwait(false);
        return new Transaction(this);
    }

    /// <summary>Takes nothing more, sends what is there and waits for its end, for at most
    /// <see cref="ProducerOptions.DeliveryTimeout"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        ClientTelemetry.Gauges.Remove(this);
        try
        {
            await _driver.WaitAsync(_part, static (_, turn, part) => part.Close(turn), default).ConfigureAwait(false);
            _driver.Do(_part, static (_, turn, part) =>
            {
                part.Remove(turn);
                return true;
            });
        }
        catch (ObjectDisposedException)
        {
            // The client went first, and everything that was there has failed with it.
        }
    }

    internal Task<bool> Transact<TState>(
        TState state,
        Func<ProducerTransactions, ClientTurn, TState, ClientOperation<bool>> start,
        CancellationToken cancel)
    {
        ProducerTransactions transactions = _part.Transactions
            ?? throw new InvalidOperationException("transactions need ProducerOptions.TransactionalId");
        return _driver.WaitAsync(
            (transactions, state, start), static (_, turn, s) => s.start(s.transactions, turn, s.state), cancel);
    }

    /// <summary>Under the client's lock: a record is in a batch.</summary>
    internal void Attach(ProduceBatch batch, int index, Delivery? delivery)
    {
        BatchReceipts receipts = (BatchReceipts?)batch.Waiter ?? Take(batch);
        if (delivery is not null) receipts.Set(index, delivery);
    }

    /// <summary>Under the client's lock.</summary>
    internal void Return(BatchReceipts receipts) => _receipts.Push(receipts);

    internal void OnDelivered(in DeliveryReport report, bool isAwaited)
    {
        if (HasInterceptors) _reports.Add(null, report);
        if (report.Error is { } error && !isAwaited && _failures.Count < MostFailuresKept)
            _failures.Enqueue(new MoldauException(error));
    }

    private static ProduceRecord Raw(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => new()
    {
        Topic = topic,
        Partition = ProduceRecord.AnyPartition,
        TimestampMs = ProduceRecord.Now,
        Key = key.IsEmpty ? OptionalBytes.Null : new OptionalBytes(key),
        Value = new OptionalBytes(value),
    };

    private static ProduceRecord Raw(string topic, in RawRecord record) => new()
    {
        Topic = topic,
        Partition = record.Partition ?? ProduceRecord.AnyPartition,
        TimestampMs = record.Timestamp?.ToUnixTimeMilliseconds() ?? ProduceRecord.Now,
        Key = record.Key,
        Value = record.Value,
        Headers = record.Headers.Span,
    };

    private SendDelivery Awaited(CancellationToken cancel)
    {
        if (!_sends.TryRent(out SendDelivery? delivery)) delivery = new SendDelivery(_sends);
        delivery.Begin(cancel);
        return delivery;
    }

    private ParkedWaiter Parked(Delivery? delivery, string topic, CancellationToken cancel)
    {
        if (!_parked.TryRent(out ParkedWaiter? waiter)) waiter = new ParkedWaiter(this, _parked);
        waiter.Begin(delivery, topic, cancel);
        return waiter;
    }

    private HandlerDelivery? Handled(Action<DeliveryReport>? handler) =>
        handler is null ? null : new HandlerDelivery(_reports, handler);

    private BatchReceipts Take(ProduceBatch batch)
    {
        if (!_receipts.TryPop(out BatchReceipts? receipts)) receipts = new BatchReceipts(this);
        batch.Waiter = receipts;
        return receipts;
    }

    private AppendResult Serialize<TKey, TValue>(
        Topic<TKey, TValue> topic, in ProducerRecord<TKey, TValue> record, Delivery? delivery, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ScratchWriter scratch = ScratchWriter.Take();
        try
        {
            if (record.Key is { } key)
                topic.Key.Serialize(key, scratch, new SerializationContext(topic.Name, IsKey: true));
            int keyBytes = scratch.Length;
            if (record.Value is { } value)
                topic.Value.Serialize(value, scratch, new SerializationContext(topic.Name, IsKey: false));
            ReadOnlySpan<byte> written = scratch.Written;
            ProduceRecord raw = new()
            {
                Topic = topic.Name,
                Partition = record.Partition ?? ProduceRecord.AnyPartition,
                TimestampMs = record.Timestamp?.ToUnixTimeMilliseconds() ?? ProduceRecord.Now,
                Key = record.Key is null ? OptionalBytes.Null : new OptionalBytes(written[..keyBytes]),
                Value = record.Value is null ? OptionalBytes.Null : new OptionalBytes(written[keyBytes..]),
                Headers = record.Headers.Span,
            };
            return Append(raw, delivery, cancel);
        }
        finally
        {
            scratch.GiveBack();
        }
    }

    private AppendResult Append(scoped in ProduceRecord record, Delivery? delivery, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrEmpty(record.Topic);
        bool isTraced = ClientTelemetry.WantsSends;
        if (!HasInterceptors && !isTraced) return AppendAsIs(record, delivery, cancel);
        List<RecordHeader> headers = [.. record.Headers];
        delivery ??= new UnawaitedDelivery();
        if (isTraced) delivery.Trace = SendTrace.Begin(record, headers, _driver.ClientId);
        foreach (IProducerInterceptor interceptor in _interceptors) interceptor.OnSend(record.Topic, headers);
        return AppendAsIs(record.With(CollectionsMarshal.AsSpan(headers), record.TimestampMs), delivery, cancel);
    }

    private AppendResult AppendAsIs(scoped in ProduceRecord record, Delivery? delivery, CancellationToken cancel)
    {
        AppendState state = new() { Producer = this, Record = record, Delivery = delivery, Cancel = cancel };
        _driver.DoLightly(ref state, AppendNow);
        if (state.Error is not { } error) return new AppendResult(state.Parked, null);
        DeliveryReport report = new(record.Topic, -1, -1, delivery?.TimestampMs ?? -1, error);
        delivery?.Complete(report);
        OnDelivered(report, isAwaited: true);
        return new AppendResult(null, delivery is { IsAwaited: true } ? null : error);
    }

    private static readonly LightAction<AppendState> AppendNow = static (turn, scoped ref state) =>
    {
        Producer producer = state.Producer;
        ProduceRecord record = state.Record;
        if (record.TimestampMs == ProduceRecord.Now) record = record.With(record.Headers, turn.Now.UnixMs);
        if (state.Delivery is { } delivery) delivery.TimestampMs = record.TimestampMs;
        state.Error = producer._part.Append(record, turn, out ProduceBatch? batch, out int index, out ParkedRecord? parked);
        if (batch is not null) producer.Attach(batch, index, state.Delivery);
        if (parked is not null) parked.Waiter = state.Parked = producer.Parked(state.Delivery, record.Topic, state.Cancel);
        if (!producer._part.IsAwake) return false;
        if (!producer._part.MayGather) return true;
        producer._driver.TurnSoon();
        return false;
    };

    private ref struct AppendState
    {
        public required Producer Producer { get; init; }

        public required ProduceRecord Record { get; init; }

        public required Delivery? Delivery { get; init; }

        public required CancellationToken Cancel { get; init; }

        public ClientError? Error { get; set; }

        public ParkedWaiter? Parked { get; set; }
    }

    /// <summary>A record that was taken is in its batch or parked until it is; one that was not has an error.</summary>
    private readonly struct AppendResult(ParkedWaiter? parked, ClientError? error)
    {
        /// <summary>Taken once.</summary>
        public ValueTask End => error is not null
            ? ValueTask.FromException(new MoldauException(error))
            : parked?.Appended ?? default;

        /// <summary>Instead of <see cref="End"/>, where the delivery tells everything.</summary>
        public void Forget() => parked?.Forget();
    }
}
