namespace Moldau.Records;

/// <summary>Bounds of one decompression. Whatever the input, output ends at <see cref="MaxBytes"/>; above
/// <see cref="FreeBytes"/> it must also stay within <see cref="MaxRatio"/> times the input, so that a small request
/// cannot buy much work.</summary>
public readonly record struct DecodeLimits(long MaxBytes, long FreeBytes, int MaxRatio)
{
    public static readonly DecodeLimits Default =
        new(MaxBytes: 2147483639, FreeBytes: 64 * 1024 * 1024, MaxRatio: 1024);

    /// <summary>Output bytes allowed for an input.</summary>
    public long For(int inputBytes) => Math.Min(MaxBytes, Math.Max(FreeBytes, (long)inputBytes * MaxRatio));
}
