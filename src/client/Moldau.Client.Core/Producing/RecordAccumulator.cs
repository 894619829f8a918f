using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client;

internal enum AppendStatus
{
    /// <summary>The record is in a batch.</summary>
    Appended,

    /// <summary>The topic, or the partition that was named, is not known yet.</summary>
    Unknown,

    /// <summary>The buffer memory is full.</summary>
    NoRoom,

    /// <summary>The user's partitioner named no partition of the topic: see <see cref="RecordAccumulator.Refusal"/>.</summary>
    Refused,
}

/// <summary>Gathers records into batches, one open batch per partition, within the buffer memory. Records for which there
/// is no place yet are parked, in order per topic.</summary>
internal sealed class RecordAccumulator(ProducerPart producer)
{
    private const int MostParkedKept = 1024;

    private readonly Stack<ParkedRecord> _idleParked = new();
    private readonly ProducerOptions _options = producer.Options;
    private readonly Dictionary<string, ProduceTopic> _byName = new(StringComparer.Ordinal);
    private readonly List<FlushOperation> _flushes = [];
    private readonly BatchCompressor _compressor = new(producer);
    private ProduceBatch? _first;
    private ProduceBatch? _last;
    private long _lastNumber;
    private int _parked;
    private bool _isShort;

    /// <summary>Why the last record was refused.</summary>
    public ClientError? Refusal { get; private set; }

    public BatchMemory Memory { get; } = new(producer.Options);

    /// <summary>In the order in which they were first used.</summary>
    public List<ProduceTopic> Topics { get; } = [];

    /// <summary>The oldest batch that has not ended.</summary>
    public ProduceBatch? Oldest => _first;

    /// <summary>True where a record is parked, or in a batch whose fate is open.</summary>
    public bool HasUnsent
    {
        get
        {
            if (_parked > 0) return true;
            for (ProduceBatch? batch = _first; batch is not null; batch = batch.Later)
                if (!batch.IsDone) return true;
            return false;
        }
    }

    /// <summary>Somebody waits for memory: what is there is sent, lingering or not.</summary>
    public bool IsShort => _isShort;

    /// <summary>Batches up to this number are sent at once.</summary>
    public long FlushUpTo { get; private set; }

    /// <summary>Everything is sent at once: the producer is being closed.</summary>
    public void FlushAll() => FlushUpTo = long.MaxValue;

    public Instant NextParkedDeadline
    {
        get
        {
            Instant next = Instant.Never;
            if (_parked == 0) return next;
            foreach (ProduceTopic topic in Topics)
                if (topic.Parked.TryPeek(out ParkedRecord? first)) next = Instant.Min(next, first.Deadline);
            return next;
        }
    }

    public ProduceTopic TopicOf(string name, ClientTurn turn)
    {
        if (_byName.TryGetValue(name, out ProduceTopic? topic)) return topic;
        topic = new ProduceTopic(name, producer);
        _byName.Add(name, topic);
        Topics.Add(topic);
        producer.Machine.Metadata.Want(name, mayCreate: true, turn);
        return topic;
    }

    /// <summary>Appends where there is a place now and nobody waits before it.</summary>
    public AppendStatus TryAppend(
        ProduceTopic topic, in ProduceRecord record, ClientTurn turn, out ProduceBatch? batch, out int index)
    {
        (batch, index) = (null, 0);
        if (topic.Parked.Count > 0) return topic.Info is null ? AppendStatus.Unknown : AppendStatus.NoRoom;
        return TryAppend(topic, record, isNext: false, turn, out batch, out index);
    }

    public ParkedRecord Park(ProduceTopic topic, in ProduceRecord record, AppendStatus why, ClientTurn turn)
    {
        if (!_idleParked.TryPop(out ParkedRecord? parked)) parked = new ParkedRecord(this);
        parked.Begin(record, ++_lastNumber, turn.Now + _options.MaxBlock, producer.Machine.Metadata.Generation);
        topic.Parked.Enqueue(parked);
        _parked++;
        if (why == AppendStatus.NoRoom) _isShort = true;
        else producer.Machine.Metadata.Refresh(turn);
        producer.Wake();
        return parked;
    }

    /// <summary>Who waited for it was told: it may be another one.</summary>
    public void Keep(ParkedRecord parked)
    {
        if (_idleParked.Count < MostParkedKept) _idleParked.Push(parked);
    }

    /// <summary>Appends what was parked and can be appended now, and tells those whose time is over.</summary>
    public void ServeParked(ClientTurn turn)
    {
        if (_parked == 0) return;
        _isShort = false;
        foreach (ProduceTopic topic in Topics)
            while (topic.Parked.TryPeek(out ParkedRecord? parked) && TryServe(topic, parked, turn))
            {
                topic.Parked.Dequeue();
                _parked--;
            }
    }

    /// <summary>The cluster cannot be asked about topics: whoever waits to learn of one is told.</summary>
    public void FailUnknown(ClientError error, ClientTurn turn)
    {
        foreach (ProduceTopic topic in Topics)
        {
            while (topic.Info is null && topic.Parked.TryDequeue(out ParkedRecord? parked))
            {
                _parked--;
                parked.Fail(error, turn);
            }
        }

        producer.Wake();
    }

    /// <summary>Nothing is appended to the batch any more. Its bytes are made here or, where they are compressed, by a
    /// job.</summary>
    public void Close(ProduceBatch batch, ClientTurn turn)
    {
        Verify.That(batch.State == ProduceBatchState.Open);
        batch.RecordCount = batch.Builder!.RecordCount;
        if (_options.Compression == CompressionCodec.None)
        {
            batch.Bytes = batch.Builder.Build();
            batch.State = ProduceBatchState.Ready;
            return;
        }

        batch.State = ProduceBatchState.Compressing;
        _compressor.Add(batch, turn);
    }

    public void OnCompressed(ProduceBatch batch)
    {
        batch.State = ProduceBatchState.Ready;
        if (batch.IsDone) Release(batch);
        producer.Wake();
    }

    /// <summary>The batch has ended and nothing reads its memory.</summary>
    public void Release(ProduceBatch batch)
    {
        Unlink(batch);
        Memory.Release(batch);
        if (_parked > 0) producer.Wake();
    }

    /// <summary>Divides a batch that is too large for the broker into halves.</summary>
    public List<ProduceBatch> Divide(ProduceBatch batch)
    {
        List<ProduceBatch> parts = [];
        Verify.That(RecordBatchView.TryRead(batch.Bytes.Span, out RecordBatchView view) == BatchReadStatus.Ok);
        using RecordCodecs codecs = new();
        int half = (batch.RecordCount + 1) / 2;
        int at = 0;
        RecordEnumerator records = view.ReadRecords(codecs);
        while (records.MoveNext())
        {
            if (at % half == 0) parts.Add(Part(batch, at));
            RecordView record = records.Current;
            RecordBatchBuilder builder = parts[^1].Builder!;
            Verify.That(builder.TryAppendCopy(builder.NextOffset, record));
            at++;
        }

        records.Dispose();
        Verify.That(at == batch.RecordCount);
        return parts;
    }

    public ClientOperation<bool> Flush(ClientTurn turn)
    {
        FlushOperation flush = new(_lastNumber);
        _flushes.Add(flush);
        FlushUpTo = Math.Max(FlushUpTo, flush.UpTo);
        producer.Wake();
        EndFlushes(turn);
        return flush.Operation;
    }

    public void EndFlushes(ClientTurn turn)
    {
        if (_flushes.Count == 0) return;
        ProduceBatch? first = _first;
        while (first is not null && first.IsDone) first = first.Later;
        long oldest = first?.Number ?? long.MaxValue;
        if (_parked > 0)
            foreach (ProduceTopic topic in Topics)
                if (topic.Parked.TryPeek(out ParkedRecord? parked)) oldest = Math.Min(oldest, parked.Number);
        for (int i = _flushes.Count - 1; i >= 0; i--)
        {
            if (_flushes[i].UpTo >= oldest) continue;
            _flushes[i].Operation.TrySucceed(true, turn);
            _flushes.RemoveAt(i);
        }
    }

    /// <summary>Fails what is in no request.</summary>
    public void Drop(ClientError error, ClientTurn turn)
    {
        FailParked(error, turn);
        ProduceBatch? batch = _first;
        while (batch is not null)
        {
            ProduceBatch? later = batch.Later;
            if (batch.State != ProduceBatchState.InFlight)
            {
                batch.Partition.Waiting.Remove(batch);
                batch.Partition.Sequenced.Remove(batch);
                batch.Fail(error, turn);
                if (batch.State != ProduceBatchState.Compressing) Release(batch);
            }

            batch = later;
        }
    }

    /// <summary>Tells everybody who still waits.</summary>
    public void FailAll(ClientError error, ClientTurn turn)
    {
        FailParked(error, turn);
        for (ProduceBatch? batch = _first; batch is not null; batch = batch.Later) batch.Fail(error, turn);
        foreach (FlushOperation flush in _flushes) flush.Operation.TrySucceed(true, turn);
        _flushes.Clear();
    }

    /// <summary>Lets go of all that is kept for the next batches.</summary>
    public void Clear()
    {
        Memory.Clear();
        _compressor.Clear();
    }

    private void FailParked(ClientError error, ClientTurn turn)
    {
        foreach (ProduceTopic topic in Topics)
            while (topic.Parked.TryDequeue(out ParkedRecord? parked))
                parked.Fail(error, turn);
        _parked = 0;
    }

    private AppendStatus TryAppend(
        ProduceTopic topic,
        in ProduceRecord record,
        bool isNext,
        ClientTurn turn,
        out ProduceBatch? batch,
        out int index)
    {
        (batch, index) = (null, 0);
        topic.Look(producer.Machine.Metadata);
        if (topic.Info is null || record.Partition >= topic.Info.Partitions.Length) return AppendStatus.Unknown;
        long timestamp = record.TimestampMs == ProduceRecord.Now ? turn.Now.UnixMs : record.TimestampMs;
        if (Choose(topic, record, turn, out bool isSticky) is not { } partition) return AppendStatus.Refused;
        batch = partition.Open;
        if (batch is null || !TryAdd(batch, record, timestamp))
        {
            long need = Memory.Need(record.MostBytes);
            if (isSticky && topic.Sticky.TrySwitch(topic, record.MostBytes, turn))
            {
                if (batch is not null) CloseFull(batch, turn);
                partition = topic[topic.Sticky.Current(topic, turn)];
                batch = partition.Open;
            }

            if (batch is null || batch.Partition != partition || !TryAdd(batch, record, timestamp))
            {
                bool isFull = !Memory.HasRoom(need) || (_isShort && !isNext);
                if (batch is not null) CloseFull(batch, turn);
                batch = null;
                if (isFull) return AppendStatus.NoRoom;
                batch = OpenNew(partition, need, turn);
                Verify.That(TryAdd(batch, record, timestamp));
            }
        }

        if (isSticky) topic.Sticky.Count(record.MostBytes);
        index = batch.Builder!.RecordCount - 1;
        return AppendStatus.Appended;
    }

    private bool TryAdd(ProduceBatch batch, in ProduceRecord record, long timestamp) =>
        Memory.TryCover(batch, batch.Builder!.SizeInBytes + record.MostBytes)
        && batch.Builder.TryAppend(timestamp, record.Key, record.Value, record.Headers);

    /// <summary>Null where the user's partitioner refused.</summary>
    private ProducePartition? Choose(ProduceTopic topic, in ProduceRecord record, ClientTurn turn, out bool isSticky)
    {
        isSticky = false;
        if (record.Partition >= 0) return topic[record.Partition];
        int count = topic.Info!.Partitions.Length;
        if (_options.Partitioner is { } own) return ChooseBy(own, topic, record);

        if (!record.Key.IsNull && !_options.PartitionerIgnoresKeys)
            return topic[Murmur2.Partition(record.Key.Span, count)];
        isSticky = true;
        return topic[topic.Sticky.Current(topic, turn)];
    }

    /// <summary>The user's code must not end the turn: it may be that of a link.</summary>
    private ProducePartition? ChooseBy(IPartitioner own, ProduceTopic topic, in ProduceRecord record)
    {
        string problem;
        try
        {
            int chosen = own.Partition(topic.Info!, record.Key.Span, !record.Key.IsNull, record.Value.Span);
            if (chosen >= 0 && chosen < topic.Info!.Partitions.Length) return topic[chosen];
            problem = $"named partition {chosen} of {topic.Info!.Partitions.Length}";
        }
        catch (Exception error)
        {
            problem = $"failed: {error.Message}";
        }

        Refusal = new ClientError(ErrorCode.InvalidPartitions, $"the partitioner of {topic.Name} {problem}");
        return null;
    }

    private void CloseFull(ProduceBatch batch, ClientTurn turn)
    {
        Close(batch, turn);
        producer.Wake();
    }

    private ProduceBatch OpenNew(ProducePartition partition, long bytes, ClientTurn turn)
    {
        bool isNormal = bytes == _options.BatchBytes && _options.Compression != CompressionCodec.None;
        long maxBytes = isNormal ? Math.Min(partition.Topic.Compression.BytesFor(bytes), _options.BufferBytes) : bytes;
        ProduceBatch batch = Memory.Open(partition, bytes, maxBytes, ++_lastNumber, turn.Now);
        partition.Waiting.Add(batch);
        partition.Topic.List(partition);
        Link(batch, _last);
        producer.WakeAt(turn.Now + _options.Linger);
        return batch;
    }

    private ProduceBatch Part(ProduceBatch whole, int firstIndex)
    {
        long bytes = Math.Max(_options.BatchBytes, whole.ReservedBytes);
        ProduceBatch part = Memory.Open(whole.Partition, bytes, bytes, whole.Number, whole.Created);
        part.IsPart = true;
        part.FirstIndex = whole.FirstIndex + firstIndex;
        part.Waiter = whole.Waiter;

        // To be divided is no retry.
        part.Attempts = whole.Attempts - 1;
        Link(part, _last);
        return part;
    }

    private bool TryServe(ProduceTopic topic, ParkedRecord parked, ClientTurn turn)
    {
        AppendStatus status = TryAppend(
            topic, parked.Record, isNext: true, turn, out ProduceBatch? batch, out int index);
        if (status == AppendStatus.Appended)
        {
            foreach (FlushOperation flush in _flushes)
                if (flush.UpTo >= parked.Number) flush.UpTo = Math.Max(flush.UpTo, batch!.Number);
            if (FlushUpTo >= parked.Number) FlushUpTo = Math.Max(FlushUpTo, batch!.Number);
            parked.Succeed(batch!, index, turn);
            return true;
        }

        if (status == AppendStatus.NoRoom) _isShort = true;
        ClientError? error = status == AppendStatus.Refused ? Refusal : WhyNever(topic, parked, status, turn);
        if (error is null) return false;
        parked.Fail(error, turn);
        return true;
    }

    private ClientError? WhyNever(ProduceTopic topic, ParkedRecord parked, AppendStatus status, ClientTurn turn)
    {
        MetadataKeeper metadata = producer.Machine.Metadata;
        ErrorCode told = metadata.View.TopicErrors.GetValueOrDefault(topic.Name);
        bool isAnswer = metadata.Generation > parked.Generation && told != ErrorCode.None;
        if (status == AppendStatus.Unknown && isAnswer && !told.IsRetriable())
            return ClientError.Of(told, null, $"nothing can be produced to {topic.Name}");
        if (parked.Deadline > turn.Now) return null;
        string text = status == AppendStatus.NoRoom
            ? $"the buffer memory of {_options.BufferBytes} bytes was full for {_options.MaxBlock.Ms} ms"
            : told != ErrorCode.None ? $"{topic.Name} is not there after {_options.MaxBlock.Ms} ms: {told.KafkaName()}"
            : metadata.LastError is { } error ? $"{topic.Name} could not be asked about: {error.Text}"
            : $"{topic.Name} has no such partition after {_options.MaxBlock.Ms} ms";
        return new ClientError(told is ErrorCode.None ? ErrorCode.RequestTimedOut : told, text);
    }

    private void Link(ProduceBatch batch, ProduceBatch? after)
    {
        batch.Earlier = after;
        batch.Later = after is null ? _first : after.Later;
        if (batch.Later is null) _last = batch;
        else batch.Later.Earlier = batch;
        if (after is null) _first = batch;
        else after.Later = batch;
    }

    private void Unlink(ProduceBatch batch)
    {
        if (batch.Earlier is null) _first = batch.Later;
        else batch.Earlier.Later = batch.Later;
        if (batch.Later is null) _last = batch.Earlier;
        else batch.Later.Earlier = batch.Earlier;
    }

    private sealed class FlushOperation(long upTo)
    {
        public long UpTo { get; set; } = upTo;

        public ClientOperation<bool> Operation { get; } = new();
    }
}
