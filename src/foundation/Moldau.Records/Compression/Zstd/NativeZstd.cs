using System.Runtime.InteropServices;

namespace Moldau.Records;

/// <summary>libzstd, where the machine has it.</summary>
internal static unsafe partial class NativeZstd
{
    public const int LevelParameter = 100;
    public const int WindowLogMaxParameter = 100;

    /// <summary>Reset of the session and not of the parameters.</summary>
    public const int ResetSession = 1;
    private const string Library = "libzstd.so.1";

    public static bool IsAvailable { get; } = NativeLibrary.TryLoad(Library, out _);

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    public static partial uint IsError(nuint code);

    [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
    public static partial nint CreateDecoder();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
    public static partial nuint FreeDecoder(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_DCtx_reset")]
    public static partial nuint ResetDecoder(nint context, int directive);

    [LibraryImport(Library, EntryPoint = "ZSTD_DCtx_setParameter")]
    public static partial nuint SetDecoderParameter(nint context, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompressStream")]
    public static partial nuint DecompressStream(nint context, Buffer* output, Buffer* input);

    [LibraryImport(Library, EntryPoint = "ZSTD_createCCtx")]
    public static partial nint CreateEncoder();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeCCtx")]
    public static partial nuint FreeEncoder(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_CCtx_setParameter")]
    public static partial nuint SetEncoderParameter(nint context, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_compress2")]
    public static partial nuint Compress(nint context, byte* output, nuint outputBytes, byte* input, nuint inputBytes);

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer have the same form.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public byte* Data;
        public nuint Size;
        public nuint Position;
    }
}

internal sealed unsafe class NativeZstdEncoder : Encoder
{
    private nint _context = NativeZstd.CreateEncoder();

    public override int MaxEncodedBytes(int inputBytes) => checked(inputBytes + (inputBytes >> 8) + 128);

    public override int Encode(ReadOnlySpan<byte> input, Span<byte> output, int? level)
    {
        Base.Verify.That(_context != 0);
        NativeZstd.SetEncoderParameter(_context, NativeZstd.LevelParameter, level ?? ZstdFormat.DefaultLevel);
        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            nuint n = NativeZstd.Compress(_context, to, (nuint)output.Length, from, (nuint)input.Length);
            Base.Verify.That(NativeZstd.IsError(n) == 0);
            return (int)n;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_context != 0) NativeZstd.FreeEncoder(_context);
        _context = 0;
    }

    ~NativeZstdEncoder() => Dispose(false);
}

internal sealed unsafe class NativeZstdDecoder : Decoder
{
    private nint _context = Create();
    private bool _isFrameOpen;

    public override DecodeStatus Decode(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written)
    {
        consumed = 0;
        written = 0;
        Base.Verify.That(_context != 0);
        if (input.IsEmpty && !_isFrameOpen) return DecodeStatus.End;
        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            NativeZstd.Buffer source = new() { Data = from, Size = (nuint)input.Length };
            NativeZstd.Buffer target = new() { Data = to, Size = (nuint)output.Length };
            while (target.Position < target.Size)
            {
                nuint before = source.Position + target.Position;
                nuint rest = NativeZstd.DecompressStream(_context, &target, &source);
                consumed = (int)source.Position;
                written = (int)target.Position;
                if (NativeZstd.IsError(rest) != 0) return DecodeStatus.Corrupt;
                _isFrameOpen = rest != 0;
                if (source.Position == source.Size && !_isFrameOpen) return DecodeStatus.End;

                // All input is there: a decoder that makes no step wants bytes that do not exist.
                if (source.Position + target.Position == before) return DecodeStatus.Corrupt;
            }

            return DecodeStatus.Ok;
        }
    }

    public override void Reset()
    {
        NativeZstd.ResetDecoder(_context, NativeZstd.ResetSession);
        _isFrameOpen = false;
    }

    protected override void Dispose(bool disposing)
    {
        if (_context != 0) NativeZstd.FreeDecoder(_context);
        _context = 0;
    }

    ~NativeZstdDecoder() => Dispose(false);

    private static nint Create()
    {
        nint context = NativeZstd.CreateDecoder();
        if (context != 0)
            NativeZstd.SetDecoderParameter(context, NativeZstd.WindowLogMaxParameter, ZstdFormat.MaxWindowLog);
        return context;
    }
}
