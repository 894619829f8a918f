using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client.Tests.Support;

/// <summary>A producer's machine part among scripted brokers that share one <see cref="ProduceLog"/>.</summary>
internal sealed class ProducerWorld
{
    private int _lastValue;

    public ProducerWorld(ProducerOptions? options = null, ulong seed = 1, int brokers = 1)
    {
        World = new MachineWorld(seed: seed);
        Brokers = [.. Enumerable.Range(1, brokers).Select(id => World.Broker(id, id == 1 ? "one" : "two"))];
        foreach (ScriptedBroker broker in Brokers) Log.Serve(broker);
        Part = World.Do((machine, _) => new ProducerPart(machine, options ?? new ProducerOptions()));
    }

    public MachineWorld World { get; }

    public ScriptedBroker[] Brokers { get; }

    public ProduceLog Log { get; } = new();

    public ProducerPart Part { get; }

    /// <summary>Sends the next number, as text.</summary>
    public Sent Send(string topic = "t", int partition = 0, string? key = null, int padTo = 0)
    {
        string value = (_lastValue++).ToString(CultureInfo.InvariantCulture).PadRight(padTo);
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
            return new Sent(value, error, batch, index, parked);
        });
    }

    public Sent[] Send(int count, int padTo = 0) => [.. Enumerable.Range(0, count).Select(_ => Send(padTo: padTo))];

    public ClientOperation<bool> Flush() => World.Do((_, turn) => Part.Flush(turn));

    /// <summary>A record that was given to the producer.</summary>
    internal sealed record Sent(string Value, ClientError? Refused, ProduceBatch? Batch, int Index, ParkedRecord? Parked)
    {
        private ProduceBatch? Where => Batch ?? Parked?.Batch;

        public bool IsDone => Refused is not null || Parked?.Error is not null || Where is { IsDone: true };

        public ClientError? Error => Refused ?? Parked?.Error ?? Where?.Error;

        public long Offset => Where is { BaseOffset: >= 0 } batch ? batch.BaseOffset + (Parked?.Index ?? Index) : -1;
    }
}
