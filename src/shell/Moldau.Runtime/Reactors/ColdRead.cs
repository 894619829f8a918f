using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Runtime;

/// <summary>Reads a piece of a file slice that is not in the page cache, on a disk thread. Holds the buffer and the
/// file until <see cref="LetGo"/>, whatever becomes of the connection and its frames.</summary>
internal sealed class ColdRead : JobOp
{
    internal required Connection Connection { get; init; }

    internal required BufferLease Buffer { get; init; }

    internal required FileSlice Slice { get; init; }

    internal required long Position { get; init; }

    /// <summary>Bytes read; fewer than the buffer's length at the end of the file.</summary>
    internal int Count { get; private set; }

    internal void LetGo()
    {
        Buffer.Release();
        Slice.Release();
    }

    protected override void Run(IDisk disk) => Count = Slice.File.Read(Position, Buffer.Span);
}
