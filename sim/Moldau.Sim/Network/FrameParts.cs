using System.Buffers.Binary;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>The parts of a request's frame, without the length before it.</summary>
internal static class FrameParts
{
    /// <summary>Key, version and correlation id.</summary>
    public const int HeaderBytes = 8;

    public static ApiKey ApiOf(ReadOnlySpan<byte> frame) => (ApiKey)BinaryPrimitives.ReadInt16BigEndian(frame);

    /// <summary>What follows the header: key, version, correlation, client id, and tagged fields, of which there are
    /// none.</summary>
    public static Span<byte> BodyOf(Span<byte> frame, out short version)
    {
        ApiInfo api = ApiTable.Get(ApiOf(frame));
        version = BinaryPrimitives.ReadInt16BigEndian(frame[2..]);
        int name = Math.Max((short)0, BinaryPrimitives.ReadInt16BigEndian(frame[HeaderBytes..]));
        int at = HeaderBytes + 2 + name + (api.RequestHeaderVersion(version) >= 2 ? 1 : 0);
        return at > frame.Length ? [] : frame[at..];
    }
}
