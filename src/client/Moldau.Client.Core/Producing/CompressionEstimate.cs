using Moldau.Records;

namespace Moldau.Client;

/// <summary>What a topic's records are expected to compress to with the producer's codec, learnt from each batch: quickly
/// where they compress worse than expected, slowly where better. By it <c>batch.size</c> counts bytes as they are
/// sent.</summary>
internal sealed class CompressionEstimate
{
    private const double StepBetter = 0.005;
    private const double StepWorse = 0.05;

    /// <summary>Batches are rather too small than too large.</summary>
    private const double Caution = 1.05;

    /// <summary>What is filled into one batch, times its size, however well it compresses: somebody has to decompress
    /// it.</summary>
    private const int MostTimes = 16;

    /// <summary>Compressed bytes to one of the records.</summary>
    public double Ratio { get; private set; } = 1;

    /// <summary>A batch was compressed; both sizes are with its header.</summary>
    public void Note(long before, long after)
    {
        double seen = RatioOf(before, after);
        Ratio = seen > Ratio
            ? Math.Max(Ratio + StepWorse, seen)
            : Math.Max(Ratio - StepBetter, seen);
    }

    /// <summary>The broker refused a batch as too large: nothing is expected of compression until batches have
    /// shown it.</summary>
    public void NoteTooLarge() => Ratio = Math.Max(1, Ratio);

    /// <summary>The size before compression of what probably fills a batch.</summary>
    public long BytesFor(long batchBytes)
    {
        long records = Math.Max(0, batchBytes - RecordBatchLayout.HeaderBytes);
        double times = Math.Clamp(1 / (Ratio * Caution), 1, MostTimes);
        return Math.Max(batchBytes, RecordBatchLayout.HeaderBytes + (long)(records * times));
    }

    private static double RatioOf(long before, long after) =>
        Math.Max(0, after - RecordBatchLayout.HeaderBytes) / (double)Math.Max(1, before - RecordBatchLayout.HeaderBytes);
}
