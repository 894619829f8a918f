namespace Moldau.Sim;

/// <summary>Whoever takes events of the simulated world.</summary>
public interface ISimActor
{
    /// <summary>An event that was scheduled for this actor; the code is its own.</summary>
    void OnEvent(int code, long number, object? payload);
}

/// <summary>One event to come.</summary>
internal readonly record struct SimEvent(long AtNs, long Sequence, ISimActor Actor, int Code, long Number, object? Payload);

/// <summary>Events by (time, sequence): two events of one moment come in the order they were scheduled. A binary heap.</summary>
internal sealed class SimQueue
{
    private SimEvent[] _heap = new SimEvent[256];

    public int Count { get; private set; }

    public long NextAtNs => _heap[0].AtNs;

    public void Push(in SimEvent e)
    {
        if (Count == _heap.Length) Array.Resize(ref _heap, Count * 2);
        int i = Count++;
        while (i > 0)
        {
            int parent = (i - 1) / 2;
            if (!IsBefore(e, _heap[parent])) break;
            _heap[i] = _heap[parent];
            i = parent;
        }

        _heap[i] = e;
    }

    public SimEvent Pop()
    {
        SimEvent first = _heap[0];
        SimEvent last = _heap[--Count];
        _heap[Count] = default;
        if (Count > 0) SiftDown(last);
        return first;
    }

    private void SiftDown(in SimEvent e)
    {
        int i = 0;
        while (true)
        {
            int child = 2 * i + 1;
            if (child >= Count) break;
            if (child + 1 < Count && IsBefore(_heap[child + 1], _heap[child])) child++;
            if (!IsBefore(_heap[child], e)) break;
            _heap[i] = _heap[child];
            i = child;
        }

        _heap[i] = e;
    }

    private static bool IsBefore(in SimEvent a, in SimEvent b) =>
        a.AtNs != b.AtNs ? a.AtNs < b.AtNs : a.Sequence < b.Sequence;
}
