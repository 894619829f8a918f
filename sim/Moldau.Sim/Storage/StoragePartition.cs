using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>What rots in a partition, and so what is not promised of it any more.</summary>
[Flags]
internal enum RotKinds
{
    None = 0,
    Log = 1,
    OffsetIndex = 2,
    TimeIndex = 4,
    Snapshots = 8,
}

/// <summary>A partition of the simulated storage: the log of the present process, and what it must hold.</summary>
internal sealed class StoragePartition(StorageLog plan, string folder)
{
    public StorageLog Plan => plan;

    public TopicPartition Name { get; } = new("t", plan.Number);

    public string Folder => folder;

    public string Directory { get; } = LogFileNames.ParentOf(folder);

    public LogConfig Config { get; set; } = plan.Config;

    public LogModel Model { get; set; } = new();

    /// <summary>Null: deleted.</summary>
    public Uuid? TopicId { get; set; }

    public int LeaderEpoch { get; set; }

    public PartitionLog? Log { get; set; }

    /// <summary>Its directory failed, or its log did.</summary>
    public bool IsOffline { get; set; }

    /// <summary>A deleted one is still leaving its folder.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Its folder stays, damaged; nothing comes in its place.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>What the checkpoints of the start say is not about this log.</summary>
    public bool IsNew { get; set; }

    /// <summary>It was truncated, or a load found less of it than its recovery point says, and the checkpoints do not say so yet:
    /// nothing is appended until then.</summary>
    public bool IsCutting { get; set; }

    public RotKinds Rot { get; set; }

    /// <summary>A sync of a log that promises nothing of a loss of power has failed: what it calls durable after the next start
    /// need not be.</summary>
    public bool IsSyncDoubtful { get; set; }

    /// <summary>Power was lost after such a sync, and no load has looked for what it left behind.</summary>
    public bool HasForgottenPages { get; set; }

    public bool IsOpen => Log is not null && !IsOffline;

    /// <summary>The values at the last look.</summary>
    public (long Start, long HighWatermark, long Written, long Durable) Seen { get; set; }

    public void See(PartitionLog log) => Seen = (log.LogStartOffset, log.HighWatermark, log.WrittenEnd, log.DurableEnd);

    public override string ToString() => plan.IsFollower ? $"{Name} (follower)" : Name.ToString();
}

/// <summary>What a thread that runs seeds uses again and again.</summary>
public sealed class StorageKit : IDisposable
{
    public StorageKit() => Validator = new(Codecs);

    public BufferPool Pool { get; } = new();

    public Records.RecordCodecs Codecs { get; } = new();

    public Records.BatchValidator Validator { get; }

    public void Dispose()
    {
        Validator.Dispose();
        Codecs.Dispose();
        Pool.Dispose();
    }
}
