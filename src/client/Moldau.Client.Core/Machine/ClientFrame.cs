#pragma warning disable RS0030 // the consumer's user lets go on a thread of their own: see Release
using System.Buffers;
using Moldau.Base;

namespace Moldau.Client;

/// <summary>A whole frame in a pooled array: without its length prefix when it came in, with it when it goes out. One
/// holder at a time; who lets go last gives the array back.</summary>
public sealed class ClientFrame
{
    private byte[]? _data;
    private int _holders = 1;

    private ClientFrame(byte[] data, int length)
    {
        _data = data;
        Length = length;
    }

    /// <summary>Bytes in use, from the start.</summary>
    public int Length { get; }

    /// <summary>Empty after the last release.</summary>
    public Memory<byte> Memory => _data is null ? default : _data.AsMemory(0, Length);

    /// <summary>The bytes of it.</summary>
    public Span<byte> Span => _data is null ? default : _data.AsSpan(0, Length);

    /// <summary>A frame of that many bytes with undefined contents.</summary>
    public static ClientFrame Rent(int length) => new(ArrayPool<byte>.Shared.Rent(length), length);

    /// <summary>One more holder, which releases the frame too.</summary>
    public void Retain()
    {
        int holders = Interlocked.Increment(ref _holders);
        Verify.That(holders > 1);
    }

    /// <summary>Gives up one hold on it; the last one gives its memory back.</summary>
    public void Release()
    {
        // The machine and the reader of fetched records may let go at the same time; the last one returns the array.
        int holders = Interlocked.Decrement(ref _holders);
        Verify.That(holders >= 0);
        if (holders > 0) return;
        byte[] data = _data!;
        _data = null;
        ArrayPool<byte>.Shared.Return(data);
    }
}
