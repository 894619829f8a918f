using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Reads whole batches of a segment file one after the other, for recovery and replay inside jobs.</summary>
internal ref struct BatchReader
{
    private readonly IDiskFile _file;
    private readonly int _end;
    private byte[] _buffer;
    private int _bufferStart;
    private int _bufferLength;
    private RecordBatchView _current;

    public BatchReader(IDiskFile file, int position, int end, int windowBytes)
    {
        _file = file;
        _end = end;
        _buffer = new byte[Math.Clamp(end - position, 0, windowBytes)];
        NextPosition = position;
    }

    public readonly RecordBatchView Current => _current;

    public int Position { get; private set; }

    public int NextPosition { get; private set; }

    /// <summary>Why the walk ended: at the end of the range (Ok), within a batch, or at bytes that are none.</summary>
    public BatchReadStatus Status { get; private set; }

    public bool MoveNext()
    {
        Status = BatchReadStatus.Ok;
        Position = NextPosition;
        if (Position >= _end) return false;
        Status = RecordBatchView.TryRead(Buffered(), out _current);
        if (Status == BatchReadStatus.Incomplete && Fill()) Status = RecordBatchView.TryRead(Buffered(), out _current);
        if (Status != BatchReadStatus.Ok) return false;
        NextPosition = Position + _current.SizeInBytes;
        return true;
    }

    private readonly ReadOnlySpan<byte> Buffered() => Position >= _bufferStart + _bufferLength
        ? default
        : _buffer.AsSpan(Position - _bufferStart, _bufferStart + _bufferLength - Position);

    // Reads from the batch on, as much as it says that it has; never more than the file, so a wild length costs nothing.
    private bool Fill()
    {
        int room = _end - Position;
        int size = _buffer.Length;
        ReadOnlySpan<byte> head = Buffered();
        if (head.Length < RecordBatchLayout.HeaderBytesUpToMagic)
        {
            Span<byte> start = stackalloc byte[RecordBatchLayout.HeaderBytesUpToMagic];
            int n = DiskFiles.ReadFully(_file, Position, start[..Math.Min(start.Length, room)]);
            if (RecordBatchView.PeekSize(start[..n], out int peeked) == BatchReadStatus.Ok) size = Math.Max(size, peeked);
        }
        else if (RecordBatchView.PeekSize(head, out int known) == BatchReadStatus.Ok)
        {
            size = Math.Max(size, known);
        }

        size = Math.Min(size, room);
        if (size > _buffer.Length) _buffer = new byte[size];
        _bufferStart = Position;
        _bufferLength = DiskFiles.ReadFully(_file, Position, _buffer.AsSpan(0, Math.Min(_buffer.Length, room)));
        return true;
    }
}
