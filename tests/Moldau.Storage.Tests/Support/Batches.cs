using System.Text;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Storage.Tests;

/// <summary>Batches for tests.</summary>
public static class Batches
{
    public const long BaseTime = 1_700_000_000_000;

    public static byte[] Of(params string[] values) => Build(RecordBatchOptions.Default, BaseTime, values);

    public static byte[] At(long timestamp, params string[] values) => Build(RecordBatchOptions.Default, timestamp, values);

    public static byte[] Sized(int valueBytes, long timestamp = BaseTime) => At(timestamp, new string('v', valueBytes));

    public static byte[] Idempotent(
        long producerId, short epoch, int sequence, int count = 1, bool isTransactional = false, long timestamp = BaseTime)
    {
        RecordBatchOptions options = RecordBatchOptions.Default with
        {
            Producer = new ProducerIdAndEpoch(producerId, epoch),
            BaseSequence = sequence,
            IsTransactional = isTransactional,
        };
        return Build(options, timestamp, [.. Enumerable.Range(0, count).Select(i => $"p{producerId}-{sequence + i}")]);
    }

    public static byte[] Marker(long producerId, short epoch, bool isCommit, int coordinatorEpoch = 0) =>
        ControlBatches.BuildEndTransaction(
            RecordBatchOptions.Default with { Producer = new ProducerIdAndEpoch(producerId, epoch) },
            BaseTime, isCommit, coordinatorEpoch);

    public static byte[] Placed(long baseOffset, int epoch, params string[] values) =>
        Build(RecordBatchOptions.Default with { BaseOffset = baseOffset, PartitionLeaderEpoch = epoch }, BaseTime, values);

    public static byte[] Build(RecordBatchOptions options, long timestamp, string[] values)
    {
        using RecordBatchBuilder builder = new(options);
        foreach (string value in values)
            Assert.True(builder.TryAppend(timestamp, default, new OptionalBytes(Encoding.UTF8.GetBytes(value))));
        return builder.BuildArray();
    }
}
