using System.Buffers;
using System.Globalization;
using System.Text;
using Moldau.Records;

namespace Moldau.Cli.Shims;

/// <summary>What Kafka's default formatter writes.</summary>
internal sealed class RecordFormatter(Dictionary<string, string> properties)
{
    /// <summary>Not one of Kafka's properties: nothing is printed.</summary>
    private const string Silent = "moldau.silent";

    private readonly bool _time = Is(properties, "print.timestamp");
    private readonly bool _partition = Is(properties, "print.partition");
    private readonly bool _offset = Is(properties, "print.offset");
    private readonly bool _delivery = Is(properties, "print.delivery");
    private readonly bool _epoch = Is(properties, "print.epoch");
    private readonly bool _key = Is(properties, "print.key");
    private readonly bool _value = properties.GetValueOrDefault("print.value", "true") == "true";
    private readonly string _fieldEnd = Unescaped(properties.GetValueOrDefault("key.separator", "\t"));
    private readonly string _lineEnd = Unescaped(properties.GetValueOrDefault("line.separator", "\n"));
    private readonly string _headersEnd = Unescaped(properties.GetValueOrDefault("headers.separator", ","));
    private readonly string _null = properties.GetValueOrDefault("null.literal", "null");
    private readonly bool _isSilent = Is(properties, Silent);
    private readonly Func<ReadOnlyMemory<byte>, string>? _readsKey = JavaDeserializers.Of(properties.GetValueOrDefault("key.deserializer"));
    private readonly Func<ReadOnlyMemory<byte>, string>? _readsValue = JavaDeserializers.Of(properties.GetValueOrDefault("value.deserializer"));
    private readonly Func<ReadOnlyMemory<byte>, string>? _readsHeaders =
        JavaDeserializers.Of(properties.GetValueOrDefault("headers.deserializer"));

    /// <summary>Whether it looks at the headers of records.</summary>
    public bool WantsHeaders { get; } = Is(properties, "print.headers");

    /// <summary>The formatter that the options of a console script ask for: its properties are of a file, then of the command
    /// line.</summary>
    public static RecordFormatter Of(ShimArguments arguments)
    {
        Dictionary<string, string> properties = arguments.Value("formatter-config") is { } file
            ? ShimContext.ReadProperties(file)
            : new(StringComparer.Ordinal);
        foreach ((string key, string value) in ShimArguments.Pairs([.. arguments.Values("property"), .. arguments.Values("formatter-property")]))
            properties[key] = value;
        if (arguments.Value("key-deserializer") is { } ofKeys) properties["key.deserializer"] = ofKeys;
        if (arguments.Value("value-deserializer") is { } ofValues) properties["value.deserializer"] = ofValues;
        string formatter = arguments.Value("formatter") ?? "DefaultMessageFormatter";
        string name = formatter[(formatter.LastIndexOf('.') + 1)..];
        if (name is "NoOpMessageFormatter") properties[Silent] = "true";
        else if (name is not "DefaultMessageFormatter") throw new ShimUsageException(formatter);
        return new RecordFormatter(properties);
    }

    public void Write(in FormattedRecord record, IBufferWriter<byte> output)
    {
        if (_isSilent) return;
        List<string> fields = [];
        if (_time)
        {
            fields.Add(record.UnixTimeMilliseconds < 0
                ? "NO_TIMESTAMP"
                : string.Create(CultureInfo.InvariantCulture, $"{TimeName(record.TimestampType)}:{record.UnixTimeMilliseconds}"));
        }
        if (_partition) fields.Add(string.Create(CultureInfo.InvariantCulture, $"Partition:{record.Partition}"));
        if (_offset) fields.Add(string.Create(CultureInfo.InvariantCulture, $"Offset:{record.Offset}"));
        if (_delivery) fields.Add($"Delivery:{Text(record.DeliveryCount)}");
        if (_epoch) fields.Add($"Epoch:{Text(record.LeaderEpoch)}");
        if (WantsHeaders) fields.Add(HeadersOf(record));
        Encoding.UTF8.GetBytes(string.Concat(fields.Select((f, i) => i == 0 ? f : _fieldEnd + f)), output);
        bool isFirst = fields.Count == 0;
        if (_key) Field(record.RawKey, _readsKey, ref isFirst, output);
        if (_value) Field(record.RawValue, _readsValue, ref isFirst, output);
        Encoding.UTF8.GetBytes(_lineEnd, output);
    }

    private void Field(
        ReadOnlyMemory<byte>? bytes, Func<ReadOnlyMemory<byte>, string>? reads, ref bool isFirst, IBufferWriter<byte> output)
    {
        if (!isFirst) Encoding.UTF8.GetBytes(_fieldEnd, output);
        isFirst = false;
        if (bytes is not { } known) Encoding.UTF8.GetBytes(_null, output);
        else if (reads is null) output.Write(known.Span);
        else Encoding.UTF8.GetBytes(reads(known), output);
    }

    private string HeadersOf(in FormattedRecord record) => record.Headers.Count == 0
        ? "NO_HEADERS"
        : string.Join(_headersEnd, record.Headers.Select(h => $"{h.Key}:{(h.Value is null ? _null : _readsHeaders is { } reads ? reads(h.Value) : Encoding.UTF8.GetString(h.Value))}"));

    private static string TimeName(TimestampType type) =>
        type == TimestampType.LogAppendTime ? "LogAppendTime" : "CreateTime";

    private static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "NOT_PRESENT";

    private static bool Is(Dictionary<string, string> properties, string name) => properties.GetValueOrDefault(name) == "true";

    private static string Unescaped(string text) => text.Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);
}
