using System.Buffers.Binary;
using Moldau.Records;

namespace Moldau.Logs;

/// <summary>Reads the batches of a segment file one after the other, with their whole bytes.</summary>
internal sealed class SegmentReader : IDisposable
{
    private readonly FileStream _file;
    private byte[] _buffer = new byte[64 << 10];
    private int _size;
    private long _next;

    public SegmentReader(string path) =>
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20);

    public long Length => _file.Length;

    /// <summary>Where the batch of the last <see cref="MoveNext"/> begins; after false, where the walk ended.</summary>
    public long Position { get; private set; }

    /// <summary>Why the walk ended: at the end of the file (Ok), within a batch, or at bytes that are none.</summary>
    public BatchReadStatus Status { get; private set; }

    /// <summary>The batch that <see cref="MoveNext"/> read, valid until the next call.</summary>
    public RecordBatchView Batch
    {
        get
        {
            RecordBatchView.TryRead(_buffer.AsSpan(0, _size), out RecordBatchView batch);
            return batch;
        }
    }

    public bool MoveNext()
    {
        Position = _next;
        Status = BatchReadStatus.Ok;
        if (_next >= Length) return false;
        _file.Position = _next;
        const int Least = RecordBatchLayout.HeaderBytesUpToMagic;
        int head = _file.ReadAtLeast(_buffer.AsSpan(0, Least), Least, false);
        Status = RecordBatchView.PeekSize(_buffer.AsSpan(0, head), out int size);
        if (Status == BatchReadStatus.Ok && size > Length - _next) Status = BatchReadStatus.Incomplete;
        if (Status != BatchReadStatus.Ok) return false;
        if (size > _buffer.Length) Array.Resize(ref _buffer, size);
        _file.ReadExactly(_buffer.AsSpan(head, size - head));
        _size = size;
        _next += size;
        return true;
    }

    /// <summary>True where only zeros follow: space that was reserved, not a damaged batch.</summary>
    public bool IsRestZero()
    {
        _file.Position = Position;
        byte[] block = new byte[64 << 10];
        int read;
        while ((read = _file.Read(block)) > 0)
            if (block.AsSpan(0, read).ContainsAnyExcept((byte)0)) return false;
        return true;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>The type of a control record, whose key is a version and the type.</summary>
    public static string ControlType(ReadOnlySpan<byte> key) => key.Length < 4 ? "?" : BinaryPrimitives.ReadInt16BigEndian(key[2..]) switch
    {
        0 => "ABORT",
        1 => "COMMIT",
        2 => "LEADER_CHANGE",
        3 => "SNAPSHOT_HEADER",
        4 => "SNAPSHOT_FOOTER",
        5 => "KRAFT_VERSION",
        6 => "KRAFT_VOTERS",
        short other => $"UNKNOWN({other})",
    };
}
