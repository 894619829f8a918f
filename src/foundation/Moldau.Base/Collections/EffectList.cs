using System.Runtime.InteropServices;

namespace Moldau.Base;

/// <summary>What a machine wants done, in order. Filled by <c>Step</c>, drained by the shell or the simulator, reused.</summary>
public sealed class EffectList<T>
{
    private readonly List<T> _items = [];

    public int Count => _items.Count;

    public ref readonly T this[int index] => ref CollectionsMarshal.AsSpan(_items)[index];

    public ReadOnlySpan<T> Span => CollectionsMarshal.AsSpan(_items);

    public void Add(in T effect) => _items.Add(effect);

    public void Clear() => _items.Clear();
}
