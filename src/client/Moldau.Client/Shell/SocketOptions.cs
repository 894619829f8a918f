namespace Moldau.Client;

/// <summary>How links are opened.</summary>
internal sealed record SocketOptions
{
    /// <summary>A larger answer closes the link, in bytes.</summary>
    public required int MaxFrameBytes { get; init; }

    /// <summary><c>send.buffer.bytes</c>; 0 leaves it to the system.</summary>
    public int SendBufferBytes { get; init; }

    /// <summary><c>receive.buffer.bytes</c>; 0 leaves it to the system.</summary>
    public int ReceiveBufferBytes { get; init; }
}
