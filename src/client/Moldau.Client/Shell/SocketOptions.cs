namespace Moldau.Client;

/// <summary>How links are opened.</summary>
internal sealed record SocketOptions
{
    /// <summary>A larger answer closes the link, in bytes.</summary>
    public required int MaxFrameBytes { get; init; }

    /// <summary>How links are encrypted; null for those that are not.</summary>
    public TlsClient? Tls { get; init; }

    /// <summary>The protocol that was asked for, to say what another listener wants.</summary>
    public SecurityOptions Security { get; init; } = new();

    /// <summary><c>send.buffer.bytes</c>; −1 leaves it to the system.</summary>
    public int SendBufferBytes { get; init; } = -1;

    /// <summary><c>receive.buffer.bytes</c>; −1 leaves it to the system.</summary>
    public int ReceiveBufferBytes { get; init; } = -1;
}
