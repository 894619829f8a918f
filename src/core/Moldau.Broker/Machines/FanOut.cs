using Moldau.Base;

namespace Moldau.Broker;

/// <summary>Does one piece of work per item at the machine that owns the item, and ends when all are done: one message
/// per owner, not per item. For control APIs; produce and fetch have calls of their own.</summary>
internal sealed class FanOut<TItem, TResult>
{
    private readonly Action<TResult[]> _onComplete;
    private readonly WorkAt _work;
    private readonly List<TItem> _items = [];
    private readonly SortedDictionary<int, Part> _parts = [];
    private TResult[] _results = [];
    private int _outstanding;

    /// <summary>Begins the work for one item at its owner; <paramref name="done"/> may be called now or later.</summary>
    public delegate void WorkAt(ShardMachine owner, TItem item, Action<TResult> done);

    public FanOut(WorkAt work, Action<TResult[]> onComplete)
    {
        _work = work;
        _onComplete = onComplete;
    }

    public int Count => _items.Count;

    public void Add(MachineId owner, TItem item)
    {
        if (!_parts.TryGetValue(owner.Number, out Part? part)) _parts.Add(owner.Number, part = new Part(this));
        part.Indexes.Add(_items.Count);
        _items.Add(item);
    }

    /// <summary>Starts; results arrive in the order items were added.</summary>
    public void Start(Machine origin)
    {
        _results = new TResult[_items.Count];
        _outstanding = _parts.Count;
        if (_outstanding == 0)
        {
            _onComplete(_results);
            return;
        }

        foreach ((int owner, Part part) in _parts) origin.Call(new MachineId(owner), part);
    }

    private void PartDone()
    {
        if (--_outstanding == 0) _onComplete(_results);
    }

    private sealed class Part(FanOut<TItem, TResult> whole) : MachineCall
    {
        private int _left;

        public List<int> Indexes { get; } = [];

        public override void RunAt(Machine owner)
        {
            _left = Indexes.Count;
            foreach (int index in Indexes) whole._work((ShardMachine)owner, whole._items[index], r => Done(owner, index, r));
        }

        public override void ReturnedTo(Machine origin) => whole.PartDone();

        private void Done(Machine owner, int index, TResult result)
        {
            whole._results[index] = result;
            if (--_left == 0) owner.Return(this);
        }
    }
}
