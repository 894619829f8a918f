using System.Collections.Immutable;

namespace Moldau.Protocol;

public enum MessageKind
{
    Request,
    Response,
    Header,
    Data,
    Record,
    Key,
    Value,
}

/// <summary>What a schema says of one message. <see cref="Set"/> and <see cref="Id"/> are empty and -1 where they do
/// not apply; the id of a request or response is its API key.</summary>
public sealed record MessageInfo(
    string Name,
    MessageKind Kind,
    string Set,
    int Id,
    short LowestVersion,
    short HighestVersion,
    short LowestFlexibleVersion);

/// <summary>Reads any message by key or name; for tests, tools and the log of metadata records.</summary>
public static partial class Messages
{
    public static ImmutableArray<MessageInfo> All { get; } = Rows();
}
