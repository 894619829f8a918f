using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A producer within the machine: accumulator, sender, idempotence. It has a lane of its own, so that what waits
/// long for replicas holds up nobody else.</summary>
internal sealed class ProducerPart : IClientPart
{
    private Instant _next = Instant.Never;
    private int _generation = -1;
    private bool _isAwake;
    private bool _isToBeArmed;
    private ClientError? _fault;

    public ProducerPart(ClientMachine machine, ProducerOptions options)
    {
        (Machine, Options, Prng) = (machine, options, machine.Prng.Fork());
        Lane = machine.NewLane();
        Accumulator = new RecordAccumulator(this);
        Identity = new ProducerIdentity(this);
        Sender = new ProduceSender(this);
        if (options.TransactionalId is not null) Transactions = new ProducerTransactions(this);
        machine.Add(this);
    }

    public ClientMachine Machine { get; }

    public ProducerOptions Options { get; }

    public Prng Prng { get; }

    public int Lane { get; }

    public RecordAccumulator Accumulator { get; }

    public ProducerIdentity Identity { get; }

    public ProduceSender Sender { get; }

    /// <summary>Null for a producer without a transactional id.</summary>
    public ProducerTransactions? Transactions { get; }

    public bool IsClosed { get; private set; }

    /// <summary>Why nothing can be sent any more; null where it can.</summary>
    public ClientError? WhyBroken =>
        IsClosed ? new ClientError(ErrorCode.NetworkException, "the producer was closed") : _fault;

    /// <summary>True where the step must go on to its end: most records only fill an open batch.</summary>
    public bool IsAwake => _isAwake || _isToBeArmed;

    /// <summary>True where nothing is to be done but to send a batch that does not linger, while earlier ones are under way. A
    /// user who sends several records one after the other would have a request for each: a moment later there is one
    /// for all.</summary>
    public bool MayGather =>
        !_isAwake && _isToBeArmed && Options.Linger == Duration.Zero && Sender.InFlightBatches > 0;

    public Instant NextDeadline => _isAwake ? new Instant(0, 0) : _next;

    /// <summary>Appends a record, or parks it where there is no place for it yet.</summary>
    /// <param name="record">Its bytes are copied.</param>
    /// <param name="turn">The step under way.</param>
    /// <param name="batch">Where it went; null where it was parked.</param>
    /// <param name="index">Its number in the batch.</param>
    /// <param name="parked">What ends when it is in a batch; null where it is.</param>
    /// <returns>Null, or why it can never be sent.</returns>
    public ClientError? Append(
        in ProduceRecord record, ClientTurn turn, out ProduceBatch? batch, out int index, out ParkedRecord? parked)
    {
        (batch, index, parked) = (null, 0, null);
        if (WhyNever(record) is { } error) return error;
        ProduceTopic topic = Accumulator.TopicOf(record.Topic, turn);
        AppendStatus status = Accumulator.TryAppend(topic, record, turn, out batch, out index);
        if (status == AppendStatus.Refused) return Accumulator.Refusal;
        if (status != AppendStatus.Appended) parked = Accumulator.Park(topic, record, status, turn);
        return null;
    }

    public ClientOperation<bool> Flush(ClientTurn turn) => Accumulator.Flush(turn);

    /// <summary>Sends what is there and takes nothing more; <see cref="Remove"/> follows when the result is
    /// there.</summary>
    public ClientOperation<bool> Close(ClientTurn turn)
    {
        IsClosed = true;
        ClientOperation<bool> flushed = Flush(turn);
        Accumulator.FlushAll();
        return flushed;
    }

    /// <summary>Takes the producer out of the machine; what is still there fails.</summary>
    public void Remove(ClientTurn turn)
    {
        IsClosed = true;
        ClientError error = new(ErrorCode.NetworkException, "the producer was closed");
        Transactions?.OnClosed(error, turn);
        Accumulator.FailAll(error, turn);
        foreach (ProduceTopic topic in Accumulator.Topics) Machine.Metadata.Unwant(topic.Name);
        Machine.Remove(this);
        Machine.Links.CloseLane(Lane, turn);
        Accumulator.Clear();
    }

    /// <summary>There is something to do in this turn.</summary>
    public void Wake() => _isAwake = true;

    /// <summary>There is something to do then.</summary>
    public void WakeAt(Instant at)
    {
        if (at >= _next) return;
        _next = at;
        _isToBeArmed = true;
    }

    /// <summary>Nothing can be sent any more.</summary>
    public void Fault(ClientError error, ClientTurn turn)
    {
        _fault ??= error;
        Accumulator.FailAll(error, turn);
    }

    public void OnTurn(ClientTurn turn)
    {
        _isToBeArmed = false;
        if (!_isAwake && _next > turn.Now && _generation == Machine.Metadata.Generation) return;
        _generation = Machine.Metadata.Generation;
        do
        {
            _isAwake = false;
            Accumulator.ServeParked(turn);
            Instant expiry = Sender.Expire(turn);
            Transactions?.OnTurn(turn);
            Instant drain = Sender.Drain(turn);
            _next = Instant.Min(expiry, Instant.Min(drain, Accumulator.NextParkedDeadline));
        }
        while (_isAwake);
        _isToBeArmed = false;
        Accumulator.EndFlushes(turn);
    }

    public void OnShutOut(ClientError error, ClientTurn turn) => Accumulator.FailUnknown(error, turn);

    public void OnClosed(ClientError error, ClientTurn turn)
    {
        IsClosed = true;
        Transactions?.OnClosed(error, turn);
        Accumulator.FailAll(error, turn);
    }

    /// <summary>Whether a partition may be written to, apart from its own state.</summary>
    public bool MaySend(ProducePartition partition, ClientTurn turn) =>
        _fault is null && (Transactions?.MaySend(partition, turn) ?? true);

    /// <summary>Records were not written, or nobody knows.</summary>
    public void OnFailed(ClientError error, ClientTurn turn) => Transactions?.OnFailed(error, turn);

    private ClientError? WhyNever(in ProduceRecord record)
    {
        if ((WhyBroken ?? Transactions?.WhyNotOpen()) is { } broken) return broken;
        long bytes = Accumulator.Memory.Need(record.MostBytes);
        if (bytes > Options.BatchBytes && bytes > Options.MaxRequestBytes)
        {
            return new ClientError(ErrorCode.MessageTooLarge,
                $"a record of {bytes} bytes is larger than max.request.size, which is {Options.MaxRequestBytes}");
        }

        return bytes <= Options.BufferBytes
            ? null
            : new ClientError(ErrorCode.MessageTooLarge,
                $"a record of {bytes} bytes is larger than buffer.memory, which is {Options.BufferBytes}");
    }
}
