namespace Moldau.Storage;

/// <summary>The latest batches of the active segment, exactly: most reads are for them, and need no file then.</summary>
internal sealed class TailIndex
{
    private const int Largest = 1024;

    private BatchSpan[] _batches = [];
    private long _segment = -1;
    private int _first;
    private int _count;

    public void Clear()
    {
        _count = 0;
        _first = 0;
        _segment = -1;
    }

    public void Add(long segmentBaseOffset, in BatchSpan batch)
    {
        if (_segment != segmentBaseOffset)
        {
            Clear();
            _segment = segmentBaseOffset;
        }

        if (_count == _batches.Length && _count < Largest) Grow();
        if (_count < _batches.Length) _count++;
        else _first = (_first + 1) % _batches.Length;
        _batches[(_first + _count - 1) % _batches.Length] = batch;
    }

    /// <summary>The first batch whose last offset is at or above the given one, if it is certain to be that.</summary>
    public BatchSpan? Find(long segmentBaseOffset, long offset)
    {
        if (_segment != segmentBaseOffset) return null;
        int low = 0;
        int high = _count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (At(middle).LastOffset < offset) low = middle + 1;
            else high = middle;
        }

        if (low == _count) return null;
        // Before the first kept batch there may be one that holds the offset.
        return low > 0 || At(0).Position == 0 ? At(low) : null;
    }

    private BatchSpan At(int index) => _batches[(_first + index) % _batches.Length];

    private void Grow()
    {
        BatchSpan[] larger = new BatchSpan[Math.Max(16, _batches.Length * 2)];
        for (int i = 0; i < _count; i++) larger[i] = At(i);
        _batches = larger;
        _first = 0;
    }
}
