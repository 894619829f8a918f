using System.Buffers;

namespace Moldau.Client;

/// <summary>Takes a key and a value from their serializers, one behind the other; one a thread, used again.</summary>
internal sealed class ScratchWriter : IBufferWriter<byte>
{
    private const int FirstBytes = 4096;

    /// <summary>A larger buffer is not kept for the next record.</summary>
    private const int MostKeptBytes = 1 << 20;

    [ThreadStatic]
    private static ScratchWriter? _idle;

    private byte[] _data = new byte[FirstBytes];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _data.AsSpan(0, Length);

    /// <summary>The thread's own, or a new one where a serializer sends a record itself.</summary>
    public static ScratchWriter Take()
    {
        ScratchWriter taken = _idle ?? new ScratchWriter();
        _idle = null;
        taken.Length = 0;
        return taken;
    }

    public void GiveBack()
    {
        if (_data.Length <= MostKeptBytes) _idle = this;
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _data.Length - Length);
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _data.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _data.AsSpan(Length);
    }

    private void Grow(int sizeHint)
    {
        int wanted = checked(Length + Math.Max(1, sizeHint));
        if (wanted > _data.Length) Array.Resize(ref _data, (int)Math.Max(wanted, Math.Min(_data.Length * 2L, Array.MaxLength)));
    }
}
