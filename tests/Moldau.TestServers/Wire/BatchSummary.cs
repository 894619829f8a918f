using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace Moldau.TestServers.Wire;

/// <summary>
/// The headers of fetched record batches as JSON; a batch that is cut off at the end is counted in bytes only.
/// </summary>
public static class BatchSummary
{
    public static JsonArray Of(ReadOnlySpan<byte> bytes)
    {
        var batches = new JsonArray();
        while (bytes.Length > 0)
        {
            var length = bytes.Length < 17 ? int.MaxValue : 12 + BinaryPrimitives.ReadInt32BigEndian(bytes[8..]);
            if (length > bytes.Length)
            {
                batches.Add(new JsonObject { ["cutOffBytes"] = bytes.Length });
                break;
            }

            batches.Add(Header(bytes[..length]));
            bytes = bytes[length..];
        }

        return batches;
    }

    private static JsonObject Header(ReadOnlySpan<byte> batch) => new()
    {
        ["baseOffset"] = BinaryPrimitives.ReadInt64BigEndian(batch),
        ["bytes"] = batch.Length,
        ["leaderEpoch"] = BinaryPrimitives.ReadInt32BigEndian(batch[12..]),
        ["magic"] = batch[16],
        ["attributes"] = BinaryPrimitives.ReadInt16BigEndian(batch[21..]),
        ["lastOffsetDelta"] = BinaryPrimitives.ReadInt32BigEndian(batch[23..]),
        ["baseTimestamp"] = BinaryPrimitives.ReadInt64BigEndian(batch[27..]),
        ["baseSequence"] = BinaryPrimitives.ReadInt32BigEndian(batch[53..]),
        ["count"] = BinaryPrimitives.ReadInt32BigEndian(batch[57..]),
    };
}
