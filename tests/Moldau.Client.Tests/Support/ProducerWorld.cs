using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client.Tests.Support;

/// <summary>A producer's machine part among scripted brokers that share one <see cref="ProduceLog"/>.</summary>
internal sealed class ProducerWorld
{
    private readonly List<Sent> _open = [];
    private int _lastValue;

    /// <param name="options">The producer's.</param>
    /// <param name="seed">Of the machine.</param>
    /// <param name="brokers">How many.</param>
    /// <param name="tells">True where who waits is told, so that batches are used again.</param>
    public ProducerWorld(ProducerOptions? options = null, ulong seed = 1, int brokers = 1, bool tells = false)
    {
        World = new MachineWorld(seed: seed);
        Brokers = [.. Enumerable.Range(1, brokers).Select(id => World.Broker(id, id == 1 ? "one" : "two"))];
        foreach (ScriptedBroker broker in Brokers) Log.Serve(broker);
        Part = World.Do((machine, _) => new ProducerPart(machine, options ?? new ProducerOptions()));
        if (tells) World.Told = ended => _open.RemoveAll(sent => sent.TakeEnd(ended));
    }

    public MachineWorld World { get; }

    public ScriptedBroker[] Brokers { get; }

    public ProduceLog Log { get; } = new();

    public ProducerPart Part { get; }

    /// <summary>Sends the next number, as text.</summary>
    public Sent Send(string topic = "t", int partition = 0, string? key = null, int padTo = 0) =>
        SendText((_lastValue++).ToString(CultureInfo.InvariantCulture).PadRight(padTo), topic, partition, key);

    /// <summary>Sends a text.</summary>
    public Sent SendText(string value, string topic = "t", int partition = 0, string? key = null)
    {
        return World.Do((_, turn) =>
        {
            ProduceRecord record = new()
            {
                Topic = topic,
                Partition = partition,
                TimestampMs = ProduceRecord.Now,
                Key = key is null ? OptionalBytes.Null : new OptionalBytes(Encoding.UTF8.GetBytes(key)),
                Value = new OptionalBytes(Encoding.UTF8.GetBytes(value)),
            };
            ClientError? error = Part.Append(record, turn, out ProduceBatch? batch, out int index, out ParkedRecord? parked);
            Sent sent = new(value, error, batch, index, parked);
            _open.Add(sent);
            return sent;
        });
    }

    public Sent[] Send(int count, int padTo = 0) => [.. Enumerable.Range(0, count).Select(_ => Send(padTo: padTo))];

    public ClientOperation<bool> Flush() => World.Do((_, turn) => Part.Flush(turn));

    /// <summary>A record that was given to the producer.</summary>
    internal sealed record Sent(string Value, ClientError? Refused, ProduceBatch? Batch, int Index, ParkedRecord? Parked)
    {
        private ProduceBatch? _batch = Batch;
        private int _index = Index;
        private (ClientError? Error, long Offset)? _end;

        private ProduceBatch? Where => _batch ?? Parked?.Batch;

        public bool IsDone => _end is not null || Refused is not null || Parked?.Error is not null || Where is { IsDone: true };

        public ClientError? Error => _end is { } end ? end.Error : Refused ?? Parked?.Error ?? Where?.Error;

        public long Offset => _end is { } end ? end.Offset
            : Where is { BaseOffset: >= 0 } batch ? batch.BaseOffset + (_batch is null ? Parked!.Index : _index) : -1;

        /// <summary>What is known now stays; the operation may be another one's soon. True where it is over.</summary>
        public bool TakeEnd(ClientOperation ended)
        {
            if (ended == Parked && _batch is null && ended.Error is null) (_batch, _index) = (Parked.Batch, Parked.Index);
            else if (ended == Parked || ended == Where) _end = (Error, Offset);
            return _end is not null;
        }
    }
}
