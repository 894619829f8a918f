using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Fetched batches of one partition, in the memory of the frame they came in. Who takes it releases
/// it.</summary>
internal sealed class FetchedChunk(
    PartitionCursor cursor, ClientFrame frame, int start, int length, long position, AbortedTransactionEntry[] aborted)
{
    /// <summary>Who sent it; −1 where nobody asks.</summary>
    public int Broker { get; init; } = -1;

    public PartitionCursor Cursor { get; } = cursor;

    public ReadOnlyMemory<byte> Records => frame.Memory.Slice(start, length);

    /// <summary>The first offset that is wanted: a batch may begin before it.</summary>
    public long Position { get; } = position;

    /// <summary>The offset behind its last whole batch.</summary>
    public long End { get; init; } = long.MaxValue;

    /// <summary>Empty unless committed records alone are read; by first offset.</summary>
    public AbortedTransactionEntry[] Aborted { get; } = aborted;

    public int Generation { get; } = cursor.Generation;

    /// <summary>False after a seek, or when the partition was taken away.</summary>
    public bool IsCurrent => Cursor.Generation == Generation;

    public void Release() => frame.Release();
}
