namespace Moldau.Runtime;

/// <summary>The files that a disk has open. The end of a process closes them; a node that ends inside one has them closed
/// here.</summary>
internal sealed class OpenFiles<T> : IDisposable
    where T : class, IDisposable
{
    // Files are opened and closed by disk threads and reactors.
    private readonly Lock _lock = new();
    private readonly HashSet<T> _open = new(ReferenceEqualityComparer.Instance);

    internal T Add(T file)
    {
        lock (_lock) _open.Add(file);
        return file;
    }

    internal void Remove(T file)
    {
        lock (_lock) _open.Remove(file);
    }

    public void Dispose()
    {
        T[] left;
        lock (_lock) left = [.. _open];
        foreach (T file in left) file.Dispose();
    }
}
