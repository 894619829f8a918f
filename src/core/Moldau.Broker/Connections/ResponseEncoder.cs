using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Turns a response message into a frame: length prefix, response header, body.</summary>
internal static class ResponseEncoder
{
    public static OutgoingFrame Encode(Machine machine, ApiKey api, short version, int correlationId, IMessage response)
    {
        ApiInfo info = ApiTable.Get(api);
        BufferLease lease = machine.Pool.Rent(ResponseFrame.Size(info, response, version));
        try
        {
            ResponseFrame.Write(lease.Span, info, correlationId, response, version);
        }
        catch (BrokenInvariantException)
        {
            lease.Release();
            throw;
        }

        OutgoingFrame frame = machine.Frames.Rent();
        frame.Add(lease, 0, lease.Length);
        return frame;
    }
}
