namespace Moldau.Client;

/// <summary>Looks at what a client sends and receives. Called under the driver's lock, in the order in which the machine knows of
/// it; what it is given is not to be kept.</summary>
internal interface IWireWatcher
{
    void Opening(long link, BrokerAddress address);

    void Opened(long link);

    /// <summary>A request, with its length prefix.</summary>
    void Sent(long link, ReadOnlySpan<byte> frame);

    /// <summary>An answer, without its length prefix.</summary>
    void Received(long link, ReadOnlySpan<byte> frame);

    /// <param name="link">Whose link it was.</param>
    /// <param name="reason">Why, for people; null where this client closed it.</param>
    void Closed(long link, string? reason);
}
