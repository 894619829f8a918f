using System.Text;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client.Tests.Support;

/// <summary>Logs of the partitions of a scripted cluster, shared by its brokers: checks what comes in as a broker does
/// (checksum, producer epoch, sequence, the last five batches) and keeps the values.</summary>
internal sealed class ProduceLog
{
    private readonly Dictionary<(string Topic, int Partition), Log> _logs = [];
    private readonly Dictionary<Uuid, string> _names = [];
    private long _lastProducerId = 1000;

    /// <summary>What a request is answered with instead of being written; null writes it.</summary>
    public Func<ScriptedRequest, string, int, ErrorCode?>? Refuse { get; set; }

    /// <summary>False holds the answer back; the batch is written all the same.</summary>
    public Func<ScriptedRequest, bool>? ShouldAnswer { get; set; }

    public Action<ProduceResponse.PartitionProduceResponse>? Adorn { get; set; }

    /// <summary>A larger batch is refused, in bytes.</summary>
    public int MaxBatchBytes { get; set; } = int.MaxValue;

    public List<(ScriptedRequest Request, ProduceResponse Answer)> Held { get; } = [];

    /// <summary>Every batch that was written, in order: producer epoch, base sequence, number of records.</summary>
    public List<(short Epoch, int Sequence, int Count)> Written { get; } = [];

    /// <summary>Bytes of every batch that was written.</summary>
    public List<int> Sizes { get; } = [];

    public int Duplicates { get; private set; }

    /// <summary>What became of each batch, for the eyes of whoever looks for the reason of a failure.</summary>
    public List<string> Trace { get; } = [];

    public string[] Values(string topic, int partition) => [.. LogOf(topic, partition).Values];

    public void Serve(ScriptedBroker broker)
    {
        broker.On(ApiKey.InitProducerId, _ => new InitProducerIdResponse { ProducerId = _lastProducerId++, ProducerEpoch = 0 });
        broker.On(ApiKey.Produce, request =>
        {
            ProduceResponse answer = Take(broker, request);
            if (((ProduceRequest)request.Message).Acks == 0) return null;
            if (ShouldAnswer?.Invoke(request) ?? true) return answer;
            Held.Add((request, answer));
            Trace.Add($"{broker.Id}#{request.CorrelationId} is not answered");
            return null;
        });
    }

    /// <summary>Gives the answers that were held back, in order.</summary>
    public void AnswerHeld()
    {
        (ScriptedRequest Request, ProduceResponse Answer)[] held = [.. Held];
        Held.Clear();
        foreach ((ScriptedRequest request, ProduceResponse answer) in held) request.Broker.Answer(request, answer);
    }

    private ProduceResponse Take(ScriptedBroker broker, ScriptedRequest request)
    {
        foreach (var topic in broker.Topics.Values) _names[topic.TopicId] = topic.Name!;
        ProduceResponse answer = new();
        foreach (ProduceRequest.TopicProduceData topic in ((ProduceRequest)request.Message).TopicData)
        {
            string name = request.Version >= 13 ? _names.GetValueOrDefault(topic.TopicId, "") : topic.Name;
            ProduceResponse.TopicProduceResponse answered = new() { Name = request.Version >= 13 ? "" : name, TopicId = topic.TopicId };
            foreach (ProduceRequest.PartitionProduceData partition in topic.PartitionData)
            {
                ProduceResponse.PartitionProduceResponse result = new() { Index = partition.Index, BaseOffset = -1 };
                answered.PartitionResponses.Add(result);
                ErrorCode? refused = Refuse?.Invoke(request, name, partition.Index);
                if (refused is null && partition.Records!.Length > MaxBatchBytes) refused = ErrorCode.MessageTooLarge;
                if (refused is { } code) result.ErrorCode = (short)code;
                else result.ErrorCode = (short)Append(LogOf(name, partition.Index), partition.Records!, result);
                Adorn?.Invoke(result);
                RecordBatchView.TryRead(partition.Records, out RecordBatchView batch);
                Trace.Add($"{broker.Id}#{request.CorrelationId} {name}-{partition.Index}: epoch {batch.ProducerEpoch}, "
                    + $"sequence {batch.BaseSequence}+{batch.RecordCount}: {(ErrorCode)result.ErrorCode} at {result.BaseOffset}");
            }

            answer.Responses.Add(answered);
        }

        return answer;
    }

    private ErrorCode Append(Log log, byte[] bytes, ProduceResponse.PartitionProduceResponse result)
    {
        Assert.Equal(BatchReadStatus.Ok, RecordBatchView.TryRead(bytes, out RecordBatchView batch));
        Assert.Equal(bytes.Length, batch.SizeInBytes);
        Assert.True(batch.IsCrcValid);
        if (batch.HasProducerId && log.Check(batch, result) is { } code)
        {
            if (code == ErrorCode.None) Duplicates++;
            return code;
        }

        result.BaseOffset = log.Values.Count;
        result.LogStartOffset = 0;
        Written.Add((batch.ProducerEpoch, batch.BaseSequence, batch.RecordCount));
        Sizes.Add(bytes.Length);
        using RecordEnumerator records = batch.ReadRecords();
        RecordEnumerator walk = records;
        while (walk.MoveNext()) log.Values.Add(Encoding.UTF8.GetString(walk.Current.Value));
        Assert.Equal(RecordReadStatus.Ok, walk.Status);
        Assert.Equal(result.BaseOffset + batch.RecordCount, log.Values.Count);
        return ErrorCode.None;
    }

    private Log LogOf(string topic, int partition)
    {
        if (!_logs.TryGetValue((topic, partition), out Log? log)) _logs[(topic, partition)] = log = new Log();
        return log;
    }

    private sealed class Log
    {
        private const int Remembered = 5;
        private readonly Dictionary<long, Producer> _producers = [];

        public List<string> Values { get; } = [];

        /// <summary>Null where the batch is to be written.</summary>
        public ErrorCode? Check(in RecordBatchView batch, ProduceResponse.PartitionProduceResponse result)
        {
            int first = batch.BaseSequence;
            if (!_producers.TryGetValue(batch.ProducerId, out Producer? producer))
                _producers[batch.ProducerId] = producer = new Producer { Epoch = batch.ProducerEpoch, Next = first };
            if (batch.ProducerEpoch < producer.Epoch) return ErrorCode.InvalidProducerEpoch;
            if (batch.ProducerEpoch > producer.Epoch)
            {
                if (first != 0) return ErrorCode.OutOfOrderSequenceNumber;
                producer.Last.Clear();
                (producer.Epoch, producer.Next) = (batch.ProducerEpoch, 0);
            }

            foreach ((int sequence, int count, long offset) in producer.Last)
            {
                if (sequence != first || count != batch.RecordCount) continue;
                result.BaseOffset = offset;
                return ErrorCode.None;
            }

            if (first != producer.Next) return ErrorCode.OutOfOrderSequenceNumber;
            producer.Next += batch.RecordCount;
            producer.Last.Add((first, batch.RecordCount, Values.Count));
            if (producer.Last.Count > Remembered) producer.Last.RemoveAt(0);
            return null;
        }
    }

    private sealed class Producer
    {
        public short Epoch { get; set; }

        public int Next { get; set; }

        public List<(int Sequence, int Count, long Offset)> Last { get; } = [];
    }
}
