namespace Moldau.Records;

/// <summary>Numbers of the zstd format (RFC 8878).</summary>
internal static class ZstdFormat
{
    public const uint Magic = 0xFD2FB528;

    /// <summary>Skippable frames have any of sixteen magic numbers.</summary>
    public const uint SkippableMagic = 0x184D2A50;
    public const uint SkippableMask = 0xFFFFFFF0;

    public const int MaxBlockBytes = 128 * 1024;

    /// <summary>Windows above 128 MiB are refused, which is also the library's own limit.</summary>
    public const int MaxWindowLog = 27;
    public const int DefaultLevel = 3;
}
