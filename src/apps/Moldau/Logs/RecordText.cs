using System.Text;
using System.Text.Unicode;
using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Logs;

/// <summary>How keys and values of records are shown.</summary>
internal enum BytesFormat
{
    /// <summary>Text where it is text, else hexadecimal.</summary>
    Auto,
    Text,
    Hex,
    Base64,

    /// <summary>Records of the metadata log.</summary>
    Metadata,

    /// <summary>Records of <c>__consumer_offsets</c>.</summary>
    Groups,

    /// <summary>Records of <c>__transaction_state</c>.</summary>
    Transactions,

    /// <summary>Records of <c>__share_group_state</c>.</summary>
    Shares,
}

/// <summary>Shows keys and values of records, those of Kafka's own topics decoded.</summary>
internal static class RecordText
{
    public const string Names = "auto|text|hex|base64|metadata|groups|transactions|shares";

    public static BytesFormat Parse(string? name, BytesFormat fallback) => name switch
    {
        null => fallback,
        "auto" => BytesFormat.Auto,
        "text" => BytesFormat.Text,
        "hex" => BytesFormat.Hex,
        "base64" => BytesFormat.Base64,
        "metadata" => BytesFormat.Metadata,
        "groups" => BytesFormat.Groups,
        "transactions" => BytesFormat.Transactions,
        "shares" => BytesFormat.Shares,
        _ => throw new CommandException($"'{name}' is no format; they are {Names}", ExitCodes.Usage),
    };

    /// <summary>What a partition's folder says of its records.</summary>
    public static BytesFormat Of(string path)
    {
        string folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "");
        if (folder.StartsWith("__cluster_metadata-", StringComparison.Ordinal)) return BytesFormat.Metadata;
        if (folder.StartsWith("__consumer_offsets-", StringComparison.Ordinal)) return BytesFormat.Groups;
        if (folder.StartsWith("__transaction_state-", StringComparison.Ordinal)) return BytesFormat.Transactions;
        return folder.StartsWith("__share_group_state-", StringComparison.Ordinal) ? BytesFormat.Shares : BytesFormat.Auto;
    }

    /// <summary>A key; null where the record has none.</summary>
    public static string? Key(in RecordView record, BytesFormat format)
    {
        if (record.IsKeyNull) return null;
        return SetOf(format) is { } set ? Typed(set, record.Key, isKey: true, type: null) : Bytes(record.Key, format);
    }

    /// <summary>A value; null for a tombstone.</summary>
    public static string? Value(in RecordView record, BytesFormat format)
    {
        if (record.IsValueNull) return null;
        if (format == BytesFormat.Metadata) return Metadata(record.Value);
        return SetOf(format) is { } set ? Typed(set, record.Value, isKey: false, TypeOf(record.Key)) : Bytes(record.Value, format);
    }

    private static RecordSet? SetOf(BytesFormat format) => format switch
    {
        BytesFormat.Groups => RecordSet.Group,
        BytesFormat.Transactions => RecordSet.Transaction,
        BytesFormat.Shares => RecordSet.Share,
        _ => null,
    };

    private static short TypeOf(ReadOnlySpan<byte> key)
    {
        KafkaReader reader = new(key);
        return reader.ReadInt16();
    }

    /// <summary>A key begins with its type, a value with its version.</summary>
    private static string Typed(RecordSet set, ReadOnlySpan<byte> bytes, bool isKey, short? type)
    {
        KafkaReader reader = new(bytes);
        short first = reader.ReadInt16();
        // Keys are written in version 0 whatever their type; type 0 and 1 are the same offset key.
        IMessage? message = isKey
            ? Messages.ReadKey(set, first, 0, ref reader)
            : Messages.ReadValue(set, type ?? first, first, ref reader);
        return message is null || !reader.IsComplete ? Bytes(bytes, BytesFormat.Hex) : MessageJson.Of(message, isKey ? (short)0 : first);
    }

    private static string Metadata(ReadOnlySpan<byte> bytes) =>
        MetadataRecords.Read(bytes, out MetadataRecord record) == MetadataReadStatus.Ok
            ? MessageJson.Of(record.Message, record.Version)
            : Bytes(bytes, BytesFormat.Hex);

    private static string Bytes(ReadOnlySpan<byte> bytes, BytesFormat format) => format switch
    {
        BytesFormat.Base64 => Convert.ToBase64String(bytes),
        BytesFormat.Text => Encoding.UTF8.GetString(bytes),
        BytesFormat.Auto when Utf8.IsValid(bytes) && bytes.IndexOfAnyInRange((byte)0, (byte)8) < 0 => Encoding.UTF8.GetString(bytes),
        _ => "0x" + Convert.ToHexStringLower(bytes),
    };
}
