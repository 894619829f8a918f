namespace Moldau.Base.Tests;

public sealed class MetricHistogramTests
{
    [Fact]
    public void Quantiles_AreTrueToAFewPercent()
    {
        MetricHistogram histogram = new();
        for (int i = 1; i <= 100_000; i++) histogram.Record(i * 1000L);
        long[] counts = MetricHistogram.NewCounts();
        histogram.AddTo(counts);
        foreach (double part in (double[])[0.5, 0.75, 0.95, 0.99, 0.999])
            Assert.InRange(MetricHistogram.Quantile(counts, part), part * 0.95e8, part * 1.05e8);
        Assert.Equal(100_000, histogram.Count);
        Assert.Equal(5_000_050_000_000, histogram.Sum);
        Assert.Equal(100_000_000, histogram.Max);
    }

    [Fact]
    public void Values_AtTheEdges_AreKept()
    {
        foreach (long value in (long[])[0, 1, 15, 16, 17, 31, 32, 1L << 39])
        {
            MetricHistogram histogram = new();
            histogram.Record(value);
            long[] counts = MetricHistogram.NewCounts();
            histogram.AddTo(counts);
            Assert.InRange(MetricHistogram.Quantile(counts, 0.5), value * 0.95, (value * 1.05) + 0.5);
        }

        MetricHistogram beyond = new();
        beyond.Record(long.MaxValue);
        beyond.Record(-1);
        Assert.Equal(2, beyond.Count);
    }

    [Fact]
    public void OldValues_AreForgottenByQuantiles_NotByTotals()
    {
        MetricHistogram histogram = new();
        histogram.Record(1_000_000);
        histogram.Rotate();
        histogram.Record(10);
        Assert.Equal(1_000_000, histogram.Max);
        histogram.Rotate();
        long[] counts = MetricHistogram.NewCounts();
        histogram.AddTo(counts);
        Assert.Equal(10, MetricHistogram.Quantile(counts, 0.99));
        Assert.Equal(10, histogram.Max);
        Assert.Equal(2, histogram.Count);
        Assert.Equal(0, MetricHistogram.Quantile(MetricHistogram.NewCounts(), 0.5));
    }
}
