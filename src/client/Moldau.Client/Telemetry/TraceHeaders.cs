using System.Diagnostics;
using System.Globalization;
using System.Text;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>The W3C trace context in records' headers: <c>traceparent</c> and what goes with it.</summary>
internal static class TraceHeaders
{
    /// <summary>Adds the context of a span; headers that have one stay as they are.</summary>
    public static void Inject(Activity? activity, List<RecordHeader> headers)
    {
        if (activity is null || headers.Exists(h => h.Key.Span.SequenceEqual("traceparent"u8))) return;
        DistributedContextPropagator.Current.Inject(activity, headers, static (carrier, name, value) =>
            ((List<RecordHeader>)carrier!).Add(new RecordHeader(name, Encoding.UTF8.GetBytes(value))));
    }

    /// <summary>The context of whoever sent the record; false where its headers have none that can be read.</summary>
    public static bool TryExtract(IReadOnlyList<KeyValuePair<string, byte[]?>> headers, out ActivityContext context)
    {
        DistributedContextPropagator.Current.ExtractTraceIdAndState(
            headers,
            static (object? carrier, string name, out string? value, out IEnumerable<string>? values) =>
            {
                values = null;
                value = null;
                foreach ((string key, byte[]? bytes) in (IReadOnlyList<KeyValuePair<string, byte[]?>>)carrier!)
                    if (key == name && bytes is not null) value = Encoding.UTF8.GetString(bytes);
            },
            out string? parent, out string? state);
        return ActivityContext.TryParse(parent, state, isRemote: true, out context);
    }
}

/// <summary>NumberTexts as attributes have them.</summary>
internal static class NumberTexts
{
    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
