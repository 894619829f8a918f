using System.Text;
using Moldau.Base;

namespace Moldau.Client;

/// <summary>A partition as a producer sees it: what waits, in order, and the state of its sequence.</summary>
internal sealed class ProducePartition(ProduceTopic topic, int index)
{
    public ProduceTopic Topic { get; } = topic;

    public int Index { get; } = index;

    public TopicPartition Name => new(Topic.Name, Index);

    /// <summary>Batches that wait, the oldest first; only the last can be open. What comes back to be sent again goes
    /// where it was.</summary>
    public List<ProduceBatch> Waiting { get; } = [];

    /// <summary>Batches that requests carry.</summary>
    public int InFlight { get; set; }

    public bool IsListed { get; set; }

    /// <summary>The producer id and epoch of the sequence.</summary>
    public ProducerIdAndEpoch Producer { get; set; } = ProducerIdAndEpoch.None;

    public int NextSequence { get; set; }

    /// <summary>Sequence of the last record that was acknowledged; −1 before the first.</summary>
    public int LastAckedSequence { get; set; } = -1;

    /// <summary>Batches that have a sequence and are not acknowledged, in its order.</summary>
    public List<ProduceBatch> Sequenced { get; } = [];

    /// <summary>A batch with a sequence was given up and nobody knows whether it was written: no new sequence until what
    /// comes behind has told.</summary>
    public bool IsUnresolved { get; set; }

    /// <summary>The sequence has a gap: a new epoch begins when nothing is under way any more and what comes before the
    /// gap, which may have been written, is decided.</summary>
    public bool NeedsNewEpoch { get; set; }

    /// <summary>Where the batch that is missing was; null where nothing before the gap is open.</summary>
    public BatchPlace? Gap { get; set; }

    /// <summary>True where a batch with a sequence waits for its answer or its next attempt before the gap.</summary>
    public bool IsOpenBeforeGap => Gap is { } gap && Sequenced.Count > 0 && Sequenced[0].Place.IsBefore(gap);

    /// <summary>True where it takes part in the transaction that is open.</summary>
    public bool IsInTransaction { get; set; }

    public ProduceBatch? First => Waiting.Count > 0 ? Waiting[0] : null;

    public ProduceBatch? Open =>
        Waiting.Count > 0 && Waiting[^1].State == ProduceBatchState.Open ? Waiting[^1] : null;

    /// <summary>Puts a batch back where its number says.</summary>
    public void PutBack(ProduceBatch batch)
    {
        int at = 0;
        while (at < Waiting.Count && Waiting[at].Place.IsBefore(batch.Place)) at++;
        Waiting.Insert(at, batch);
    }
}

/// <summary>A topic as a producer sees it.</summary>
internal sealed class ProduceTopic(string name, ProducerPart producer)
{
    private ProducePartition[] _partitions = [];
    private int _generation = -1;

    public string Name { get; } = name;

    /// <summary>The name as brokers write it.</summary>
    public byte[] NameBytes { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>Null while the topic is not known.</summary>
    public TopicInfo? Info { get; private set; }

    public StickyPartitioner Sticky { get; } = new(producer);

    public CompressionEstimate Compression { get; } = new();

    /// <summary>Partitions with something to do.</summary>
    public List<ProducePartition> Busy { get; } = [];

    /// <summary>Records that wait until the topic is known.</summary>
    public Queue<ParkedRecord> Parked { get; } = new();

    public int Count => _partitions.Length;

    public ProducePartition this[int partition] => _partitions[partition];

    /// <summary>Takes over what is known of the topic now.</summary>
    public void Look(MetadataKeeper metadata)
    {
        if (_generation == metadata.Generation) return;
        _generation = metadata.Generation;
        if (metadata.View.Topics.TryGetValue(Name, out TopicInfo? info)) Info = info;
        int count = Info?.Partitions.Length ?? 0;
        int known = _partitions.Length;
        if (count <= known) return;
        Array.Resize(ref _partitions, count);
        for (int i = known; i < count; i++) _partitions[i] = new ProducePartition(this, i);
    }

    public int LeaderOf(int partition) =>
        Info is { } info && partition < info.Partitions.Length ? info.Partitions[partition].LeaderId : -1;

    public void List(ProducePartition partition)
    {
        if (partition.IsListed) return;
        partition.IsListed = true;
        Busy.Add(partition);
    }
}
