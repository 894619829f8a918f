using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Reads a slice into memory on a worker.</summary>
internal sealed class ReadSliceJob(FileSlice slice) : JobOp
{
    public byte[] Bytes { get; private set; } = [];

    protected override void Run(IDisk disk)
    {
        byte[] bytes = new byte[slice.Length];
        int read = slice.File.Read(slice.Position, bytes);
        Bytes = read == bytes.Length ? bytes : bytes[..read];
    }
}
