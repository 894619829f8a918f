using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Walks over the batch headers of a segment file through a window, skipping the records. For jobs, and for
/// short hops in the hot tail.</summary>
public ref struct BatchScanner
{
    private readonly IDiskFile _file;
    private readonly int _end;
    private readonly Span<byte> _window;
    private readonly bool _isCachedOnly;
    private int _windowStart;
    private int _windowLength;
    private int _next;

    /// <param name="end">Where the valid part of the file ends; nothing behind it is read.</param>
    /// <param name="window">Scratch memory: 4 KiB for a hop, more for a long scan.</param>
    /// <param name="isCachedOnly">Never wait for the disk: the walk ends as <see cref="IsCold"/> instead.</param>
    public BatchScanner(IDiskFile file, int position, int end, Span<byte> window, bool isCachedOnly = false)
    {
        _isCachedOnly = isCachedOnly;
        _file = file;
        _end = end;
        _window = window;
        _next = position;
    }

    public BatchHeader Current { get; private set; }

    /// <summary>Why the walk ended: at the end of the range (Ok), within a batch, or at bytes that are none.</summary>
    public BatchReadStatus Status { get; private set; }

    /// <summary>The walk ended because the next header is not in memory.</summary>
    public bool IsCold { get; private set; }

    /// <summary>Where the batch that follows <see cref="Current"/> begins.</summary>
    public readonly int NextPosition => _next;

    public bool MoveNext()
    {
        Status = BatchReadStatus.Ok;
        if (_next >= _end) return false;
        int wanted = Math.Min(RecordBatchLayout.HeaderBytes, _end - _next);
        if (_next < _windowStart || _next + wanted > _windowStart + _windowLength) Fill(wanted);
        ReadOnlySpan<byte> bytes = _window[(_next - _windowStart).._windowLength];
        Status = BatchHeader.TryRead(bytes, _next, out BatchHeader header);
        if (Status == BatchReadStatus.Ok && header.SizeInBytes > _end - _next) Status = BatchReadStatus.Incomplete;
        if (Status != BatchReadStatus.Ok) return false;
        Current = header;
        _next += header.SizeInBytes;
        return true;
    }

    private void Fill(int wanted)
    {
        Span<byte> window = _window[..Math.Min(_window.Length, _end - _next)];
        _windowStart = _next;
        _windowLength = _isCachedOnly ? _file.ReadCached(_next, window) : DiskFiles.ReadFully(_file, _next, window);
        IsCold = _isCachedOnly && _windowLength < wanted;
    }
}
