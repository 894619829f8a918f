using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>What a step of a storage plan does. Those from <see cref="Kill"/> on are faults.</summary>
public enum StorageAction
{
    Append,
    Burst,
    EndTransaction,
    Read,
    ReadAll,
    LookUp,
    HighWatermark,
    Sync,
    Roll,
    Sweep,
    Time,
    Idle,
    Truncate,
    TruncateFully,
    DeleteRecords,
    Checkpoint,
    Delete,
    Create,
    Reconfigure,
    NewEpoch,
    Work,
    Drain,
    CleanRestart,
    Kill,
    LosePower,
    CrashAtCall,
    FailCalls,
    FailDirectory,
    Heal,
    Rot,
    JumpClock,
}

/// <summary>One step. The salt decides what it draws, so that leaving out another step changes nothing of it.</summary>
public readonly record struct StorageStep(int Number, StorageAction Action, int Log, uint Salt)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Number}:{Action} log {Log} salt {Salt:x8}");
}

/// <summary>A partition of the plan.</summary>
/// <param name="IsFollower">Its records come with their offsets, its high watermark follows, and it may be truncated.</param>
public sealed record StorageLog(int Number, int Directory, bool IsFollower, LogConfig Config);

/// <summary>Everything a seed asks for: the world's shape, and the steps.</summary>
public sealed record StoragePlan(int Directories, IReadOnlyList<StorageLog> Logs, IReadOnlyList<StorageStep> Steps)
{
    // What is drawn how often where the seed leaves it in; faults are rarer.
    private static readonly (StorageAction Action, int Weight)[] Weights =
    [
        (StorageAction.Append, 60), (StorageAction.Burst, 12), (StorageAction.EndTransaction, 10), (StorageAction.Read, 12),
        (StorageAction.ReadAll, 4), (StorageAction.LookUp, 4), (StorageAction.HighWatermark, 8), (StorageAction.Sync, 8),
        (StorageAction.Roll, 5), (StorageAction.Sweep, 8), (StorageAction.Time, 8), (StorageAction.Idle, 3),
        (StorageAction.Truncate, 5), (StorageAction.TruncateFully, 2), (StorageAction.DeleteRecords, 4),
        (StorageAction.Checkpoint, 6), (StorageAction.Delete, 2), (StorageAction.Create, 4), (StorageAction.Reconfigure, 2),
        (StorageAction.NewEpoch, 4), (StorageAction.Work, 12), (StorageAction.Drain, 6), (StorageAction.CleanRestart, 3),
        (StorageAction.Kill, 4), (StorageAction.LosePower, 4), (StorageAction.CrashAtCall, 5), (StorageAction.FailCalls, 3),
        (StorageAction.FailDirectory, 1), (StorageAction.Heal, 3), (StorageAction.Rot, 3), (StorageAction.JumpClock, 1),
    ];

    public static StoragePlan Draw(ulong seed)
    {
        Prng prng = new(seed ^ 0x5A17_0000_D15C_0001);
        int directories = 1 + prng.Next(3);
        StorageLog[] logs = new StorageLog[1 + prng.Next(3)];
        for (int i = 0; i < logs.Length; i++) logs[i] = DrawLog(prng, i, directories);
        // A seed leaves out about a third of all actions, so that the others meet more often (swarm).
        int[] weights = [.. Weights.Select(w => prng.Chance(0.3) ? 0 : w.Weight * (1 + prng.Next(4)))];
        weights[0] = Math.Max(weights[0], 40);
        int total = weights.Sum();
        StorageStep[] steps = new StorageStep[25 + prng.Next(60)];
        for (int i = 0; i < steps.Length; i++)
            steps[i] = new StorageStep(i, Pick(prng.Next(total), weights), prng.Next(logs.Length), (uint)prng.NextUInt64());
        return new StoragePlan(directories, logs, steps);
    }

    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"  {Directories} log directories, {Steps.Count} steps");
        foreach (StorageLog log in Logs)
        {
            LogConfig c = log.Config;
            text.AppendLine(CultureInfo.InvariantCulture, $"  log {log.Number} in directory "
                + $"{log.Directory}{(log.IsFollower ? ", follower" : "")}"
                + $"{(c.SyncsAppends ? ", fsync" : "")}, segments of {c.SegmentBytes} B, index every {c.IndexIntervalBytes} B, "
                + $"retention {c.RetentionMs} ms {c.RetentionBytes} B");
        }

        foreach (StorageStep step in Steps) text.AppendLine(CultureInfo.InvariantCulture, $"  {step}");
        return text.ToString();
    }

    internal static LogConfig DrawConfig(Prng prng, bool syncs) => new()
    {
        SegmentBytes = 400 + prng.Next(3_000),
        SegmentMs = prng.Chance(0.3) ? 2_000 + prng.Next(60_000) : 604_800_000,
        SegmentJitterMs = prng.Chance(0.2) ? 500 : 0,
        SegmentIndexBytes = prng.Chance(0.3) ? 36 + prng.Next(100) : 10 << 20,
        IndexIntervalBytes = 1 + prng.Next(prng.Chance(0.5) ? 100 : 1_000),
        RetentionMs = prng.Chance(0.4) ? 5_000 + prng.Next(100_000) : -1,
        RetentionBytes = prng.Chance(0.3) ? 500 + prng.Next(6_000) : -1,
        FlushMessages = prng.Chance(0.2) ? 1 + prng.Next(20) : long.MaxValue,
        FlushMs = prng.Chance(0.2) ? 500 + prng.Next(5_000) : long.MaxValue,
        FileDeleteDelayMs = prng.Next(4_000),
        MaxMessageBytes = 1_048_588,
        MessageTimestampBeforeMaxMs = long.MaxValue,
        MessageTimestampAfterMaxMs = long.MaxValue,
        MessageTimestampType = prng.Chance(0.15) ? TimestampType.LogAppendTime : TimestampType.CreateTime,
        IsDeleted = true,
        IsCompacted = false,
        Preallocate = prng.Chance(0.1),
        ProducerIdExpirationMs = prng.Chance(0.3) ? 20_000 + prng.Next(100_000) : 86_400_000,
        MaxDecompressedMessageBytes = 1 << 30,
        SyncsAppends = syncs,
    };

    private static StorageLog DrawLog(Prng prng, int number, int directories)
    {
        bool isFollower = prng.Chance(0.35);
        LogConfig config = DrawConfig(prng, syncs: prng.Chance(0.5));
        return new StorageLog(number, prng.Next(directories), isFollower, config);
    }

    private static StorageAction Pick(int draw, int[] weights)
    {
        for (int i = 0; i < weights.Length; i++)
            if ((draw -= weights[i]) < 0) return Weights[i].Action;
        return StorageAction.Append;
    }
}
