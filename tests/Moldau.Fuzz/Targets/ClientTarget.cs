using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Fuzz;

/// <summary>The whole client machine before a hostile broker. The first byte says what the client does; each answer takes three
/// more (see <see cref="HostileBroker"/>).</summary>
internal sealed class ClientTarget : FuzzTarget
{
    private const int MostSteps = 150;
    private const int Users = 8;

    /// <summary>A client trusts its broker with so much memory for each byte it sends.</summary>
    private const int TrustedFactor = 64;

    /// <summary>The machine, its parts, their first buffers and what they send.</summary>
    private const int OwnMemory = 24 << 20;

    private static readonly TopicPartition[] Partitions = [new("alpha", 0), new("alpha", 1)];

    public override string Name => "client";

    public override string Summary => "ClientMachine before a hostile broker: nothing is thrown out of a step, memory <= 64x what came, records are read or refused";

    public override int QuickIterations => 500;

    public override int MaxBytes => 240;

    /// <summary>By what the broker sent and not by the input, see <see cref="Run"/>.</summary>
    public override long AllocationSlack => -1;

    public override long Fuel(int inputBytes) => 60_000_000;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        for (byte user = 0; user < Users; user++)
        {
            yield return [user];
            for (int i = 0; i < 12; i++)
            {
                byte[] input = new byte[1 + (3 * (1 + i))];
                prng.NextBytes(input.AsSpan(input.Length - 3));
                input[0] = user;
                yield return input;
            }
        }
    }

    public override void Run(byte[] input)
    {
        if (input.Length == 0) return;
        long before = GC.GetAllocatedBytesForCurrentThread();
        World world = new(input);
        world.Run();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before - world.BrokersOwn;
        Must(allocated <= ((long)TrustedFactor * world.Received) + OwnMemory, $"the client took too much memory: {allocated} bytes for {world.Received}");
    }

    /// <summary>One client and its broker; time moves from deadline to deadline.</summary>
    private sealed class World
    {
        private readonly ClientMachine _machine;
        private readonly HostileBroker _broker;
        private readonly EffectList<ClientEffect> _effects = new();
        private readonly Queue<ClientEvent> _events = new();
        private readonly HashSet<long> _links = [];
        private readonly int _user;
        private ConsumerPart? _consumer;
        private SharePart? _share;
        private ChunkReader? _reader;
        private Instant _now = new(1_000_000_000_000, BatchSeeds.Time);

        public World(byte[] input)
        {
            _user = input[0] % Users;
            _broker = new HostileBroker(input, 1);
            SecurityOptions security = _user != 7 ? new SecurityOptions() : new SecurityOptions
            {
                Protocol = SecurityProtocol.SaslPlaintext,
                Sasl = new SaslOptions { Mechanism = SaslMechanism.ScramSha256, Username = "user", Password = new Secret("password") },
            };
            _machine = new ClientMachine(new ClientSettings { BootstrapServers = [new BrokerAddress("one", 9092)], Security = security }, 1);
        }

        public long Received { get; private set; }

        /// <summary>Memory that the broker and this world took, not the client.</summary>
        public long BrokersOwn { get; private set; }

        public void Run()
        {
            ClientTurn turn = _machine.Begin(_now, _effects);
            Start(turn);
            _machine.End(turn);
            for (int steps = 0; steps < MostSteps && !_machine.IsClosed; steps++)
            {
                for (int i = 0; i < _effects.Count; i++) Perform(_effects[i]);
                _effects.Clear();
                if (_events.TryDequeue(out ClientEvent happened))
                {
                    _machine.Step(happened, _now, _effects);
                    Use();
                    continue;
                }

                Instant next = _machine.NextDeadline;
                if (next == Instant.Never) break;
                if (next > _now) _now += next - _now;
                _machine.Step(ClientEvent.Deadline, _now, _effects);
                Use();
            }

            _machine.Close(_now, _effects);
            for (int i = 0; i < _effects.Count; i++) _effects[i].Frame?.Release();
        }

        private void Start(ClientTurn turn)
        {
            ConsumerSettings consumer = new()
            {
                GroupId = _user is 1 or 2 ? "group" : null,
                GroupProtocol = _user == 2 ? GroupProtocol.Consumer : GroupProtocol.Classic,
                OffsetReset = OffsetReset.Earliest,
                IsolationLevel = IsolationLevel.ReadCommitted,
            };
            switch (_user)
            {
                case 0 or 1 or 2:
                    _reader = new ChunkReader(consumer);
                    _consumer = new ConsumerPart(_machine, consumer, turn);
                    if (_user == 0) _consumer.Assign(Partitions, turn);
                    else _consumer.Subscribe(new Subscription(["alpha"], null), turn);
                    break;
                case 3:
                    _share = new SharePart(_machine, new ShareSettings { GroupId = "group" });
                    _share.Subscribe(["alpha"], turn);
                    break;
                case 4:
                    Produce(new ProducerPart(_machine,
                        new ProducerOptions { Linger = Duration.Zero, Compression = CompressionCodec.Lz4 }), turn);
                    break;
                case 5:
                    Produce(new ProducerPart(_machine, new ProducerOptions { Acks = Acks.Leader, IsIdempotent = false }), turn);
                    break;
                default:
                    Administer(turn);
                    break;
            }
        }

        private static void Produce(ProducerPart producer, ClientTurn turn)
        {
            for (int i = 0; i < 4; i++)
            {
                ProduceRecord record = new()
                {
                    Topic = "alpha",
                    Partition = i < 2 ? i : ProduceRecord.AnyPartition,
                    TimestampMs = turn.Now.UnixMs,
                    Key = i == 3 ? new OptionalBytes("key"u8) : OptionalBytes.Null,
                    Value = new OptionalBytes("value"u8),
                };
                producer.Append(record, turn, out _, out _, out _);
            }
        }

        private void Administer(ClientTurn turn)
        {
            ClusterAdmin.Describe(_machine, turn);
            FeatureAdmin.Describe(_machine, turn);
            QuorumAdmin.Describe(_machine, turn);
            GroupAdmin.Describe(_machine, turn, "group");
            GroupAdmin.Delete(_machine, turn, "group");
        }

        /// <summary>The user takes what is there.</summary>
        private void Use()
        {
            while (_consumer is not null && _consumer.TryTakeError(out _))
            {
            }

            if (_consumer?.Take() is { } chunk)
            {
                _reader!.Open(chunk); // made with the consumer
                while (_reader.MoveNext(out RecordMemory record, out _))
                {
                    foreach (RecordHeaderView header in record.ReadHeaders()) GC.KeepAlive(header.Key.Length);
                    chunk.Cursor.Consumed = record.Offset + 1;
                }

                _reader.Close();
            }

            if (_share is null) return;
            while (_share.TryTakeError(out _))
            {
            }

            if (_share.Take() is { } lease) Finish(lease);
        }

        private void Finish(ShareLease lease)
        {
            ClientTurn turn = _machine.Begin(_now, _effects);
            _share!.Finish(lease, turn); // the lease came from it
            _machine.End(turn);
        }

        private void Perform(in ClientEffect effect)
        {
            switch (effect.Kind)
            {
                case ClientEffectKind.Open:
                    _links.Add(effect.Link);
                    _events.Enqueue(ClientEvent.Opened(effect.Link));
                    break;
                case ClientEffectKind.Send:
                    if (_links.Contains(effect.Link)) Answer(effect.Link, effect.Frame!); // the factory sets it
                    effect.Frame!.Release();
                    break;
                case ClientEffectKind.Close:
                    _links.Remove(effect.Link);
                    break;
                case ClientEffectKind.Run:
                    effect.Job!.Run(); // the factory sets it
                    _events.Enqueue(ClientEvent.JobDone(effect.Job));
                    break;
                case ClientEffectKind.CallUser:
                    _events.Enqueue(ClientEvent.UserDone(effect.Call!)); // the factory sets it
                    break;
                default:
                    break;
            }
        }

        private void Answer(long link, ClientFrame sent)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ReadOnlySpan<byte> bytes = sent.Span[4..];
            Must(RequestHeaderView.TryRead(bytes, out RequestHeaderView header), "the client sends no request");
            KafkaReader reader = new(bytes[header.BodyStart..], 1000);
            IMessage? request = Messages.ReadRequest(header.Api.Key, header.Version, ref reader);
            Must(request is not null && reader.IsComplete, $"the client's request cannot be read: {header.Api.Name} v{header.Version}");
            byte[]? answer = _broker.Answer(header.Api, header.Version, header.CorrelationId, request!); // checked
            if (answer is null)
            {
                _links.Remove(link);
                _events.Enqueue(ClientEvent.Closed(link, new LinkFailure("gone")));
            }
            else
            {
                ClientFrame frame = ClientFrame.Rent(answer.Length);
                answer.CopyTo(frame.Span);
                _events.Enqueue(ClientEvent.Received(link, frame));
                Received += answer.Length;
            }

            BrokersOwn += GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
