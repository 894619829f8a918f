using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

internal sealed partial class ProduceSender
{
    private static readonly ClientError _leftOut =
        new(ErrorCode.NetworkException, "the broker's answer leaves a partition out");

    /// <summary>The ordinary answer: whatever it names was written.</summary>
    public void OnWritten(ProduceCall call, ProduceResponseView answer, ClientTurn turn)
    {
        int at = 0;
        while (answer.NextTopic())
        {
            while (answer.NextPartition())
            {
                int found = Find(call, answer.Topic.Id, answer.Topic.Name, answer.Partition, at);
                if (found < 0) continue;
                ProduceBatch batch = TakeOut(call, found);
                ProducePartition partition = batch.Partition;
                at = found + 1;
                Succeed(batch, answer.BaseOffset, answer.LogAppendTimeMs, turn);
                Settle(partition);
            }
        }

        EndAnswered(call, turn);
    }

    /// <summary>An answer in which a partition has failed.</summary>
    public void OnAnswer(ProduceCall call, ProduceResponse response, ClientTurn turn)
    {
        int at = 0;
        foreach (ProduceResponse.TopicProduceResponse topic in response.Responses)
        {
            foreach (ProduceResponse.PartitionProduceResponse answer in topic.PartitionResponses)
            {
                int found = Find(call, topic.TopicId, Encoding.UTF8.GetBytes(topic.Name), answer.Index, at);
                if (found < 0) continue;
                at = found + 1;
                Take(TakeOut(call, found), answer, turn);
            }
        }

        EndAnswered(call, turn);
    }

    /// <summary>The request was not answered, or never left.</summary>
    public void OnFailed(ProduceCall call, ClientError error, ClientTurn turn)
    {
        bool isRetriable = error.IsRetriable;
        for (int i = 0; i < call.Batches.Count; i++)
        {
            ProduceBatch batch = TakeOut(call, i);
            ProducePartition partition = batch.Partition;
            batch.IsInDoubt = true;
            if (isRetriable) Retry(batch, error, turn);
            else Fail(batch, error, isKnown: false, turn);
            Settle(partition);
        }

        if (isRetriable) producer.Machine.Metadata.Refresh(turn);
        End(call);
    }

    /// <summary>A request that nobody answers has left.</summary>
    public void OnSent(ProduceCall call, ClientTurn turn)
    {
        call.Node.BlockedSince = Instant.Never;
        for (int i = 0; i < call.Batches.Count; i++) Succeed(TakeOut(call, i), -1, -1, turn);
        End(call);
    }

    /// <summary>Fails what took longer than <c>delivery.timeout.ms</c>, and says when the next one does.</summary>
    public Instant Expire(ClientTurn turn)
    {
        ProduceBatch? batch = Accumulator.Oldest;
        while (batch is not null)
        {
            ProduceBatch? later = batch.Later;
            if (!batch.IsDone)
            {
                Instant due = batch.Created + _options.DeliveryTimeout;
                if (due > turn.Now) return due;
                Expire(batch, turn);
            }

            batch = later;
        }

        return Instant.Never;
    }

    private static int Find(ProduceCall call, Uuid topicId, ReadOnlySpan<byte> topic, int partition, int from)
    {
        // Brokers answer in the order of the request, so the first look finds it.
        int count = call.Batches.Count;
        for (int i = 0; i < count; i++)
        {
            int at = (from + i) % count;
            ProduceBatch? batch = call.Batches[at];
            if (batch is null || batch.Partition.Index != partition) continue;
            bool isIts = call.NamesTopics
                ? topic.SequenceEqual(batch.Partition.Topic.NameBytes)
                : call.TopicIdOf(at) == topicId;
            if (isIts) return at;
        }

        return -1;
    }

    /// <summary>The call was answered; what the answer does not name is sent again.</summary>
    private void EndAnswered(ProduceCall call, ClientTurn turn)
    {
        call.Node.BlockedSince = Instant.Never;
        for (int i = 0; i < call.Batches.Count; i++)
        {
            if (call.Batches[i] is null) continue;
            ProduceBatch batch = TakeOut(call, i);
            ProducePartition partition = batch.Partition;
            batch.IsInDoubt = true;
            Retry(batch, _leftOut, turn);
            Settle(partition);
        }

        End(call);
    }

    private void End(ProduceCall call)
    {
        call.Node.InFlight--;
        call.Clear();
        call.Node.Idle.Push(call);
        producer.Wake();
    }

    /// <summary>The batch is in no request any more.</summary>
    private ProduceBatch TakeOut(ProduceCall call, int at)
    {
        ProduceBatch batch = call.Batches[at];
        call.Batches[at] = null!;
        Verify.That(batch.State == ProduceBatchState.InFlight);
        Verify.That(batch.Carrier == call);
        batch.Carrier = null;
        batch.State = ProduceBatchState.Ready;
        batch.Partition.InFlight--;
        InFlightBatches--;
        return batch;
    }

    private void Take(ProduceBatch batch, ProduceResponse.PartitionProduceResponse answer, ClientTurn turn)
    {
        ProducePartition partition = batch.Partition;
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        if (code is ErrorCode.None or ErrorCode.DuplicateSequenceNumber)
            Succeed(batch, answer.BaseOffset, answer.LogAppendTimeMs, turn);
        else Refused(batch, code, answer, turn);
        Settle(partition);
    }

    private void Refused(
        ProduceBatch batch, ErrorCode code, ProduceResponse.PartitionProduceResponse answer, ClientTurn turn)
    {
        ClientError error = ClientError.Of(code, answer.ErrorMessage, $"the records were refused by {batch.Partition.Name}");
        batch.IsInDoubt |= code is ErrorCode.RequestTimedOut or ErrorCode.NotEnoughReplicasAfterAppend
            or ErrorCode.UnknownServerError or ErrorCode.KafkaStorageError;
        bool isMoved = NoteLeader(batch.Partition, code, answer, turn);
        if (code == ErrorCode.MessageTooLarge && batch.RecordCount > 1 && !batch.IsDone)
        {
            Divide(batch, turn);
        }
        else if (code.IsRetriable() || Identity.CanRetry(batch, code, answer.LogStartOffset))
        {
            Retry(batch, error, turn);
            if (isMoved) batch.RetryAt = turn.Now;
        }
        else
        {
            Fail(batch, error, isKnown: !batch.IsInDoubt, turn, answer.RecordErrors);
        }
    }

    /// <summary>True where the broker named a new leader (KIP-951), to whom the batch goes without waiting.</summary>
    private bool NoteLeader(
        ProducePartition partition, ErrorCode code, ProduceResponse.PartitionProduceResponse answer, ClientTurn turn)
    {
        if (code is not (ErrorCode.NotLeaderOrFollower or ErrorCode.FencedLeaderEpoch or ErrorCode.UnknownTopicOrPartition
            or ErrorCode.UnknownTopicId or ErrorCode.LeaderNotAvailable or ErrorCode.KafkaStorageError))
        {
            return false;
        }

        MetadataKeeper metadata = producer.Machine.Metadata;
        metadata.Refresh(turn);
        int generation = metadata.Generation;
        if (answer.CurrentLeader.LeaderId >= 0)
            metadata.NoteLeader(partition.Name, answer.CurrentLeader.LeaderId, answer.CurrentLeader.LeaderEpoch, turn);
        return metadata.Generation != generation;
    }

    private void Succeed(ProduceBatch batch, long baseOffset, long logAppendTimeMs, ClientTurn turn)
    {
        Identity.OnAcked(batch);
        batch.Succeed(baseOffset, logAppendTimeMs, turn);
        Accumulator.Release(batch);
    }

    private void Retry(ProduceBatch batch, ClientError error, ClientTurn turn)
    {
        if (batch.IsDone)
        {
            // Given up while it was under way.
            Accumulator.Release(batch);
            return;
        }

        if (batch.Attempts > _options.Retries)
        {
            Fail(batch, error, isKnown: !batch.IsInDoubt, turn);
            return;
        }

        batch.LastError = error;
        ClientSettings settings = producer.Machine.Settings;
        batch.RetryAt = turn.Now
            + Backoff.After(batch.Attempts, settings.RetryBackoff, settings.RetryBackoffMax, producer.Prng);
        batch.Partition.PutBack(batch);
        batch.Partition.Topic.List(batch.Partition);
    }

    private void Fail(
        ProduceBatch batch,
        ClientError error,
        bool isKnown,
        ClientTurn turn,
        List<ProduceResponse.BatchIndexAndErrorMessage>? records = null)
    {
        Identity.OnFailed(batch, isKnown);
        producer.OnFailed(error, turn);
        batch.Fail(error, turn, records);
        Accumulator.Release(batch);
    }

    private void Divide(ProduceBatch batch, ClientTurn turn)
    {
        batch.Partition.Topic.Compression.NoteTooLarge();
        List<ProduceBatch> parts = Accumulator.Divide(batch);
        foreach (ProduceBatch part in parts)
        {
            Accumulator.Close(part, turn);
            batch.Partition.PutBack(part);
        }

        Identity.Divide(batch, parts);
        batch.Partition.Topic.List(batch.Partition);
        Accumulator.Release(batch);
    }

    private void Expire(ProduceBatch batch, ClientTurn turn)
    {
        string text = $"not delivered to {batch.Partition.Name} within {_options.DeliveryTimeout.Ms} ms";
        string? reason = (batch.LastError ?? Identity.Trouble)?.Text;
        ClientError error = new(ErrorCode.RequestTimedOut, reason is null ? text : $"{text}: {reason}");
        Identity.OnFailed(batch, isKnown: false);
        producer.OnFailed(error, turn);
        batch.Fail(error, turn);
        if (batch.State is ProduceBatchState.Compressing or ProduceBatchState.InFlight)
        {
            // Others still read its memory.
            batch.Partition.Waiting.Remove(batch);
            return;
        }

        batch.Partition.Waiting.Remove(batch);
        Accumulator.Release(batch);
        Settle(batch.Partition);
    }

    private void Settle(ProducePartition partition)
    {
        if (partition.InFlight == 0) Identity.OnIdle(partition);
    }
}
