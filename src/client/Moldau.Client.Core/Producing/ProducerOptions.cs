using Moldau.Base;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>Whose word counts for a record to be kept: <c>acks</c>.</summary>
public enum Acks : short
{
    /// <summary>Nobody's: records are sent and forgotten; their offsets stay unknown.</summary>
    None = 0,

    /// <summary>The leader's alone: a record may be lost with it.</summary>
    Leader = 1,

    /// <summary>All in-sync replicas'.</summary>
    All = -1,
}

/// <summary>How a producer batches, sends and retries. Names and defaults are those of Kafka's producer.</summary>
public sealed record ProducerOptions
{
    /// <summary><c>acks</c>. Idempotence needs <see cref="Acks.All"/>.</summary>
    public Acks Acks { get; init; } = Acks.All;

    /// <summary><c>batch.size</c>: bytes of records of one partition that are gathered before they are sent.</summary>
    public int BatchBytes { get; init; } = 16384;

    /// <summary><c>linger.ms</c>: how long a batch waits for more records (KIP-1030).</summary>
    public Duration Linger { get; init; } = Duration.FromMs(5);

    /// <summary><c>buffer.memory</c>: bytes of records that wait or are under way; more wait for room.</summary>
    public long BufferBytes { get; init; } = 32L << 20;

    /// <summary><c>max.block.ms</c>: how long a record waits for room, or for its topic to be known.</summary>
    public Duration MaxBlock { get; init; } = Duration.FromSeconds(60);

    /// <summary><c>max.request.size</c>: bytes of the largest request, and of the largest record.</summary>
    public int MaxRequestBytes { get; init; } = 1 << 20;

    /// <summary><c>compression.type</c></summary>
    public CompressionCodec Compression { get; init; } = CompressionCodec.None;

    /// <summary><c>compression.gzip.level</c>, <c>compression.lz4.level</c> or <c>compression.zstd.level</c>; null for
    /// the codec's default (KIP-390).</summary>
    public int? CompressionLevel { get; init; }

    /// <summary><c>max.in.flight.requests.per.connection</c>: requests to one broker that wait for their answers. At most
    /// 5 with idempotence.</summary>
    public int MaxInFlight { get; init; } = 5;

    /// <summary><c>delivery.timeout.ms</c>: after so long a record that was not acknowledged has failed, retries
    /// included.</summary>
    public Duration DeliveryTimeout { get; init; } = Duration.FromSeconds(120);

    /// <summary><c>retries</c>: how often a batch is sent again at most; by default as often as
    /// <see cref="DeliveryTimeout"/> lets it.</summary>
    public int Retries { get; init; } = int.MaxValue;

    /// <summary><c>enable.idempotence</c>: no duplicates and no reordering, whatever is sent again. Null, the default:
    /// yes, unless <see cref="Acks"/>, <see cref="MaxInFlight"/> or <see cref="Retries"/> rule it out or the brokers do
    /// not have it.</summary>
    public bool? IsIdempotent { get; init; }

    /// <summary><c>transactional.id</c>: the name under which this producer's transactions go on after a restart, and
    /// older producers of that name are fenced off. Null: no transactions.</summary>
    public string? TransactionalId { get; init; }

    /// <summary><c>transaction.timeout.ms</c>: the coordinator aborts what is open for longer.</summary>
    public Duration TransactionTimeout { get; init; } = Duration.FromSeconds(60);

    /// <summary><c>partitioner.class</c>: null for murmur2 of the key, and partitions in turn, the less busy ones more
    /// often, for records without one (KIP-480, KIP-794).</summary>
    public IPartitioner? Partitioner { get; init; }

    /// <summary><c>partitioner.ignore.keys</c>: records with a key go where those without one do.</summary>
    public bool PartitionerIgnoresKeys { get; init; }

    /// <summary><c>partitioner.adaptive.partitioning.enable</c></summary>
    public bool IsPartitioningAdaptive { get; init; } = true;

    /// <summary><c>partitioner.availability.timeout.ms</c>: where a broker has taken no batch for so long although one is
    /// due, records without a key go to the partitions of others (KIP-794). Zero, the default: they do not. It counts
    /// with <see cref="IsPartitioningAdaptive"/> and without a partitioner of one's own.</summary>
    public Duration PartitionerAvailabilityTimeout { get; init; } = Duration.Zero;

    /// <summary>Called for every record; see there.</summary>
    public IReadOnlyList<IProducerInterceptor> Interceptors { get; init; } = [];

    /// <summary>Why these options contradict one another; null where they do not.</summary>
    internal string? WhyInvalid
    {
        get
        {
            if (BatchBytes < 1 || BufferBytes < 1 || MaxRequestBytes < 1) return "sizes are at least 1";
            if (MaxInFlight < 1) return "max.in.flight.requests.per.connection is at least 1";
            if (Retries < 0) return "retries is at least 0";
            if (IsIdempotent == true && Retries == 0) return "enable.idempotence needs retries of at least 1";
            if (IsIdempotent == true && Acks != Acks.All) return "enable.idempotence needs acks=all";
            if (IsIdempotent == true && MaxInFlight > MaxInFlightIdempotent)
                return $"enable.idempotence needs max.in.flight.requests.per.connection of at most {MaxInFlightIdempotent}";
            if (TransactionalId is null) return null;
            return UsesIdempotence ? null : "transactional.id needs idempotence: acks=all, retries, and at most 5 requests in flight";
        }
    }

    internal bool UsesIdempotence =>
        IsIdempotent ?? (Acks == Acks.All && MaxInFlight <= MaxInFlightIdempotent && Retries > 0);

    /// <summary>Brokers recognise retries among the last five batches of a producer.</summary>
    private const int MaxInFlightIdempotent = 5;
}
