using System.Text;
using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>D2: recovery may die at any disk call, and the next one finds the same logs. Takes the disk that a seed's plan leaves
/// behind, and makes every single call of its load the last one: of the process, or of the whole machine.</summary>
public static class CrashPoints
{
    private const int MostSteps = 30;

    /// <summary>Returns the number of crash points that were tried; the failure is null where all led to the same logs.</summary>
    public static int Check(ulong seed, bool losesPower, StorageKit kit, out string? failure)
    {
        StoragePlan plan = StoragePlan.Draw(seed);
        plan = plan with { Steps = [.. plan.Steps.Where(static s => s.Action is not StorageAction.Rot).Take(MostSteps)] };
        StorageWorld world = new(seed, plan, kit);
        world.RunToCrash(losesPower);
        failure = world.Failure;
        if (failure is not null) return 0;
        SimClock clock = new();
        SimDisk undisturbed = world.Disk.Copy(clock, new Prng(seed));
        string due = world.Load(undisturbed);
        for (int call = 0; call < undisturbed.Calls; call++)
        {
            SimDisk disk = world.Disk.Copy(clock, new Prng(seed + (ulong)call));
            disk.CrashAt(call);
            if (!Dies(world, disk)) continue;
            if (losesPower) disk.LosePower();
            string found = world.Load(disk);
            if (found == due) continue;
            failure = $"[D2] storage seed {seed}: a {(losesPower ? "loss of power" : "kill")} in call {call} of the load "
                + $"leads to\n{found}without it\n{due}";
            return call;
        }

        return (int)undisturbed.Calls;
    }

    private static bool Dies(StorageWorld world, SimDisk disk)
    {
        try
        {
            world.Load(disk);
            return false;
        }
        catch (SimCrashException)
        {
            disk.EndSession();
            return true;
        }
    }
}

internal sealed partial class StorageWorld
{
    /// <summary>Loads all logs from a disk, checks nothing, and says what was found.</summary>
    public string Load(SimDisk disk)
    {
        IDisk session = disk.OpenSession();
        StringBuilder text = new();
        LogServices services = new(_kit.Pool, _kit.Validator, new Prng(_seed));
        foreach (string directory in _directories) _scans[directory] = LogDirScan.Run(session, directory);
        foreach (StoragePartition p in _partitions)
        {
            if (p.TopicId is null) continue;
            p.IsNew = false;
            LoadLogJob job = new(RequestFor(p)) { LogDirectory = p.Directory };
            job.Execute(session);
            Verify.That(job.Error == DiskError.None);
            if (job.IsOtherSetAside)
            {
                job = new LoadLogJob(job.Request with { LogStartOffset = 0, RecoveryPoint = 0 }) { LogDirectory = p.Directory };
                job.Execute(session);
            }

            Tell(job.Open(services, Now), disk, text);
        }

        disk.EndSession();
        return text.ToString();
    }

    private static void Tell(PartitionLog log, SimDisk disk, StringBuilder text)
    {
        List<BatchNote> batches = LogFolder.Batches(disk, log.Folder, log.LogStartOffset, log.LogEndOffset);
        ulong hash = 0;
        foreach (BatchNote note in batches) hash = (hash * 31) + note.Crc + (ulong)note.BaseOffset;
        // One that begins at the end has no record; each load cuts it off.
        string epochs = string.Join(' ', log.Epochs.Entries.Where(e => e.StartOffset < log.LogEndOffset));
        byte[] producers = ProducerSnapshotFile.Encode(log.Producers.Producers);
        text.AppendLine($"  {log.Partition}: {log.LogStartOffset} to {log.LogEndOffset}, {batches.Count} batches {hash:x16}, "
            + $"epochs {epochs}, "
            + $"producers {Crc32C.Compute(producers):x8}");
        log.TakeOffline("looked at");
    }
}
