namespace Moldau.Records;

/// <summary>Walks over the entries of a buffer. <see cref="MoveNext"/> is false at the end; <see cref="Status"/> then
/// says whether the buffer ended clean or within an entry (<see cref="BatchReadStatus.Incomplete"/>) or at bytes that
/// are no entry, and <see cref="Position"/> where.</summary>
public ref struct RecordBatchEnumerator(ReadOnlySpan<byte> buffer)
{
    private readonly ReadOnlySpan<byte> _buffer = buffer;
    private RecordBatchView _current;
    private int _next;

    public readonly RecordBatchView Current => _current;

    /// <summary>Where the current entry begins; after the last one, where it ended.</summary>
    public int Position { get; private set; }

    public BatchReadStatus Status { get; private set; }

    /// <summary>Bytes behind the last whole entry.</summary>
    public readonly int RemainingBytes => _buffer.Length - _next;

    public readonly RecordBatchEnumerator GetEnumerator() => this;

    public bool MoveNext()
    {
        Position = _next;
        Status = RecordBatchView.TryRead(_buffer[_next..], out _current);
        if (Status != BatchReadStatus.Ok) return false;
        _next += _current.SizeInBytes;
        return true;
    }
}
