using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>Reads the assigned partitions up to fixed ends and hands each record on.</summary>
/// <param name="consumer">Stands where reading begins.</param>
/// <param name="ends">Of each partition the first offset that is not read.</param>
/// <param name="take">Takes a record, which is valid until the next; false to end.</param>
internal sealed class BoundedRun(
    Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer,
    Dictionary<TopicPartition, long> ends,
    Func<ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>, ValueTask<bool>> take)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<TopicPartition, long> _read = [];
    private bool _isEnough;

    /// <summary>True where the token ended it.</summary>
    public async Task<bool> RunAsync(CancellationToken cancel)
    {
        if (consumer.Assignment.Count == 0) return false;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var batches = consumer.ReadBatchesAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        try
        {
            while (!IsOver())
            {
                Task<bool> next = batches.MoveNextAsync().AsTask();
                // Control records and what was compacted away move the position without a batch.
                while (!next.IsCompleted && !IsOver()) await Task.WhenAny(next, Task.Delay(Look, cancel)).ConfigureAwait(false);
                if (!next.IsCompleted) await stop.CancelAsync().ConfigureAwait(false);
                await next.ConfigureAwait(false);
                await HandOnAsync(batches.Current).ConfigureAwait(false);
            }

            return false;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return cancel.IsCancellationRequested;
        }
        finally
        {
            await batches.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask HandOnAsync(ConsumedBatch<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> batch)
    {
        long end = ends.GetValueOrDefault(batch.TopicPartition);
        foreach (var record in batch)
        {
            if (record.Offset >= end) break;
            _isEnough = !await take(record).ConfigureAwait(false);
            if (_isEnough) break;
        }

        _read[batch.TopicPartition] = batch.NextOffset;
    }

    private bool IsOver() => _isEnough || consumer.Assignment.All(p =>
        Math.Max(consumer.Position(p) ?? -1, _read.GetValueOrDefault(p, -1)) >= ends.GetValueOrDefault(p));
}
