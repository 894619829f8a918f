#pragma warning disable RS0030 // the consumer's user lets go on a thread of their own: see Release
using System.Buffers;
using Moldau.Base;

namespace Moldau.Client;

/// <summary>A whole frame in a pooled array: without its length prefix when it came in, with it when it goes out. One
/// holder at a time; who lets go last gives the array back.</summary>
public sealed class ClientFrame
{
    private const int MostKept = 256;
    private const byte Poison = 0xDB;

    /// <summary>True in tests: memory that is given back is overwritten, so that whoever still reads it is found.</summary>
    internal static readonly bool PoisonsFreed =
        AppContext.TryGetSwitch("Moldau.Client.PoisonsFreed", out bool isOn) && isOn;

    private static readonly IdlePool<ClientFrame> _idle = new(MostKept);

    private byte[]? _data;
    private int _holders;
    private bool _wasShared;

    private ClientFrame()
    {
    }

    /// <summary>Bytes in use, from the start.</summary>
    public int Length { get; private set; }

    /// <summary>Empty after the last release.</summary>
    public Memory<byte> Memory => _data is null ? default : _data.AsMemory(0, Length);

    /// <summary>The bytes of it.</summary>
    public Span<byte> Span => _data is null ? default : _data.AsSpan(0, Length);

    /// <summary>A frame of that many bytes with undefined contents.</summary>
    public static ClientFrame Rent(int length)
    {
        if (!_idle.TryRent(out ClientFrame? frame)) frame = new ClientFrame();
        Verify.That(frame._holders == 0);
        (frame._data, frame.Length, frame._holders) = (ArrayPool<byte>.Shared.Rent(length), length, 1);
        return frame;
    }

    /// <summary>One more holder, which releases the frame too.</summary>
    public void Retain()
    {
        int holders = Interlocked.Increment(ref _holders);
        Verify.That(holders > 1);
        _wasShared = true;
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
        if (PoisonsFreed) FillWithPoison(data);
        ArrayPool<byte>.Shared.Return(data);

        // One that the user's thread has held is not used again: a late second release of it must not free another's memory.
        if (!_wasShared) _idle.Return(this);
    }

    /// <summary>Overwrites memory that nobody may read any more.</summary>
    internal static void FillWithPoison(Span<byte> freed) => freed.Fill(Poison);
}
