using Moldau.Base;
using Moldau.Records;

namespace Moldau.Storage.Tests;

/// <summary>The log against a list: any mixture of operations reads as the list does.</summary>
public sealed class ReadModelTests
{
    private sealed record Entry(long Base, long Last, byte[] Bytes);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void RandomLife_ReadsAsTheModel(ulong seed)
    {
        Prng random = new(seed);
        MemoryDisk disk = new();
        disk.CreateDirectory(LogHarness.Directory);
        LogConfig config = LogHarness.DefaultConfig with
        {
            SegmentBytes = 2000 + random.Next(4000),
            IndexIntervalBytes = random.Next(600),
            FileDeleteDelayMs = 100,
        };
        LogHarness log = new(disk, config);
        log.Open();
        List<Entry> model = [];
        for (int step = 0; step < 300; step++)
        {
            switch (random.Next(20))
            {
                case < 12: Append(log, random, model, step); break;
                case < 14: Truncate(log, random, model); break;
                case 14: DeleteRecords(log, random, model); break;
                case 15:
                    log.Advance(70_000);
                    log.Log.Sweep(log.Now, log.Ops);
                    log.Log.Tick(log.Now, log.Ops);
                    log.Run();
                    break;
                case 16: log.Log.ForceRoll(log.Now, log.Ops); log.Run(); break;
                default: log = Reopen(log, random, config); break;
            }

            CheckReads(log, random, model);
        }

        Assert.Equal(0, log.Pool.Outstanding);
        log.Dispose();
    }

    private static void Append(LogHarness log, Prng random, List<Entry> model, int step)
    {
        string[] values = new string[1 + random.Next(3)];
        for (int i = 0; i < values.Length; i++) values[i] = $"{step}.{i} " + new string('d', random.Next(400));
        int epoch = step / 50;
        if (random.Chance(0.5))
        {
            Assert.True(log.Append(Batches.At(Batches.BaseTime + step, values), epoch: epoch).IsAccepted);
        }
        else
        {
            // A follower: several batches at once, and now and then a gap that compaction left.
            long next = log.Log.LogEndOffset + (random.Chance(0.1) ? random.Next(20) : 0);
            byte[] first = Batches.Placed(next, epoch, values);
            byte[] second = Batches.Placed(next + values.Length, epoch, "second");
            byte[] cut = [.. first, .. second, .. second[..30]];
            Assert.True(log.Append(cut, LogAppendOrigin.Replica, epoch).IsAccepted);
            model.Add(new Entry(next, next + values.Length - 1, first));
            model.Add(new Entry(next + values.Length, next + values.Length, second));
            return;
        }

        byte[] bytes = log.ReadBytes(log.Log.LogEndOffset - values.Length);
        model.Add(new Entry(log.Log.LogEndOffset - values.Length, log.Log.LogEndOffset - 1, bytes));
    }

    private static void Truncate(LogHarness log, Prng random, List<Entry> model)
    {
        if (model.Count == 0) return;
        long to = model[random.Next(model.Count)].Base;
        // Behind a gap the files would not say where the log ended; Kafka's neither.
        if (to < log.Log.LogStartOffset || model.Any(e => e.Base == to && !model.Exists(b => b.Last + 1 == to))) return;
        Assert.Equal(TruncateStatus.Accepted, log.Log.TruncateTo(to, log.Now, log.Ops));
        log.Run();
        model.RemoveAll(e => e.Base >= to);
    }

    private static void DeleteRecords(LogHarness log, Prng random, List<Entry> model)
    {
        if (model.Count == 0) return;
        log.Log.SetHighWatermark(log.Log.LogEndOffset);
        long to = model[random.Next(Math.Max(1, model.Count / 4))].Base;
        Assert.True(log.Log.AdvanceLogStart(to, log.Now, log.Ops));
        log.Run();
        model.RemoveAll(e => e.Last < log.Log.LogStartOffset);
    }

    private static LogHarness Reopen(LogHarness log, Prng random, LogConfig config)
    {
        bool isClean = random.Chance(0.5);
        if (isClean)
        {
            log.Log.Close(log.Now, log.Ops);
            log.Run();
        }

        LogHarness again = new(((MemoryDisk)log.Disk).Kill(), config);
        again.Open(isClean, log.Log.RecoveryPoint, log.Log.LogStartOffset);
        Assert.Equal(log.Log.LogEndOffset, again.Log.LogEndOffset);
        Assert.Equal(log.Log.LogStartOffset, again.Log.LogStartOffset);
        Assert.Equal(log.Log.Epochs.Entries, again.Log.Epochs.Entries);
        Assert.Equal(0, log.Pool.Outstanding);
        log.Dispose();
        return again;
    }

    private static void CheckReads(LogHarness log, Prng random, List<Entry> model)
    {
        long start = log.Log.LogStartOffset;
        long end = log.Log.LogEndOffset;
        Assert.Equal(ReadStatus.OutOfRange, log.Read(end + 1).Status);
        if (start > 0) Assert.Equal(ReadStatus.OutOfRange, log.Read(start - 1).Status);
        if (end == start) return;
        for (int i = 0; i < 3; i++)
        {
            long offset = random.Next(start, end);
            int first = model.FindIndex(e => e.Last >= offset);
            Entry? bound = first < 0 ? null : model[first + random.Next(model.Count - first)];
            long upTo = bound is null || random.Chance(0.5) ? end : bound.Last + 1;
            int maxBytes = 1 + random.Next(3000);
            byte[] bytes = log.ReadBytes(offset, maxBytes, upTo);
            if (first < 0 || model[first].Base >= upTo)
            {
                Assert.Empty(bytes);
                continue;
            }

            byte[] all = [.. model.Skip(first).TakeWhile(e => e.Base < upTo).SelectMany(e => e.Bytes)];
            Assert.InRange(bytes.Length, model[first].Bytes.Length, all.Length);
            Assert.True(bytes.AsSpan().SequenceEqual(all.AsSpan(0, bytes.Length)));
            Assert.True(bytes.Length <= Math.Max(maxBytes, model[first].Bytes.Length));
        }
    }
}
