using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Runtime;

/// <summary>Reads a piece of a file slice that is not in the page cache, on a disk thread. Holds the buffer and the
/// file until it is back, whatever becomes of the connection.</summary>
internal sealed class ColdRead : JobOp
{
    internal required Connection Connection { get; init; }

    internal required BufferLease Buffer { get; init; }

    internal required IDiskFile File { get; init; }

    internal required long Position { get; init; }

    /// <summary>Bytes read; fewer than the buffer's length at the end of the file.</summary>
    internal int Count { get; private set; }

    // Not IDiskFile.Read for our own files: the owner may have let go of the file while a slice of it is in flight.
    protected override void Run(IDisk disk) =>
        Count = File is DiskFile file ? file.ReadHeld(Position, Buffer.Span) : File.Read(Position, Buffer.Span);
}
