using Moldau.Records;

namespace Moldau.Storage;

/// <summary>What tells whether offsets that seem to be missing were compacted away, or a batch has rotted. The last offset is
/// in a batch's sum; the base offset is not, but the batches beside it have theirs.</summary>
internal static class BatchOrder
{
    /// <summary>A whole batch stands at the position and begins below the offset where the one before it seems to end.</summary>
    public static bool IsContradicted(IDiskFile file, int position, int end, long nextOffset)
    {
        BatchReader reader = new(file, position, end, RecordBatchLayout.HeaderBytes);
        return reader.MoveNext() && reader.Current.IsV2 && reader.Current.BaseOffset < nextOffset && reader.Current.IsCrcValid;
    }

    /// <summary>The batch at the position is whole, and its sum is right.</summary>
    public static bool IsWhole(IDiskFile file, int position, int end)
    {
        BatchReader reader = new(file, position, end, RecordBatchLayout.HeaderBytes);
        return reader.MoveNext() && reader.Current.IsCrcValid;
    }
}
