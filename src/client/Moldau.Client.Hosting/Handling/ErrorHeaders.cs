using System.Globalization;
using System.Text;
using Moldau.Records;

namespace Moldau.Client.Hosting;

/// <summary>Headers of records in retry and dead letter topics: where they are from and why they are there.</summary>
public static class ErrorHeaders
{
    /// <summary>The topic that the record was first written to.</summary>
    public const string Topic = "moldau.original.topic";

    /// <summary>Its partition there.</summary>
    public const string Partition = "moldau.original.partition";

    /// <summary>Its offset there.</summary>
    public const string Offset = "moldau.original.offset";

    /// <summary>Its time there, in milliseconds since 1970.</summary>
    public const string Timestamp = "moldau.original.timestamp";

    /// <summary>The group of the handler that failed.</summary>
    public const string Group = "moldau.error.group";

    /// <summary>How often the record was worked on.</summary>
    public const string Attempts = "moldau.error.attempts";

    /// <summary>The type of the last exception.</summary>
    public const string Type = "moldau.error.type";

    /// <summary>The text of the last exception.</summary>
    public const string Message = "moldau.error.message";

    /// <summary>In a retry topic: when the record is worked on again, in milliseconds since 1970.</summary>
    public const string Due = "moldau.retry.due";

    private const int MostMessageChars = 1000;

    /// <summary>The record's headers with what is to be said of the failure; what an earlier one said of the record's origin
    /// stays.</summary>
    internal static RecordHeader[] Of(WorkItem item, string group, int attempts, Exception error, DateTimeOffset? due)
    {
        List<RecordHeader> headers = [];
        foreach ((string name, byte[]? value) in item.Headers)
            if (name is not (Group or Attempts or Type or Message or Due)) headers.Add(new RecordHeader(name, value));
        if (Find(item.Headers, Topic) is null)
        {
            headers.Add(Header(Topic, item.Topic));
            headers.Add(Header(Partition, item.Partition));
            headers.Add(Header(Offset, item.Offset));
            headers.Add(Header(Timestamp, item.Timestamp.ToUnixTimeMilliseconds()));
        }

        string message = error.Message.Length > MostMessageChars ? error.Message[..MostMessageChars] : error.Message;
        headers.Add(Header(Group, group));
        headers.Add(Header(Attempts, attempts));
        headers.Add(Header(Type, error.GetType().FullName ?? error.GetType().Name));
        headers.Add(Header(Message, message));
        if (due is { } at) headers.Add(Header(Due, at.ToUnixTimeMilliseconds()));
        return [.. headers];
    }

    internal static string? Find(IReadOnlyList<KeyValuePair<string, byte[]?>> headers, string name)
    {
        foreach ((string key, byte[]? value) in headers)
            if (key == name && value is not null) return Encoding.UTF8.GetString(value);
        return null;
    }

    internal static long? Number(IReadOnlyList<KeyValuePair<string, byte[]?>> headers, string name) =>
        long.TryParse(Find(headers, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : null;

    private static RecordHeader Header(string name, string value) => new(name, Encoding.UTF8.GetBytes(value));

    private static RecordHeader Header(string name, long value) => Header(name, value.ToString(CultureInfo.InvariantCulture));
}
