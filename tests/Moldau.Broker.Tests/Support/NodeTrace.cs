using System.Text;
using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

/// <summary>A hash over every effect of a node with its time: two runs of one seed agree or the node is not deterministic.</summary>
internal sealed class NodeTrace
{
    private const ulong Basis = 14695981039346656037, Prime = 1099511628211;

    public ulong Hash { get; private set; } = Basis;

    public long Count { get; private set; }

    public void Add(Instant now, MachineId machine, in NodeEffect effect)
    {
        Count++;
        string payload = effect.Payload switch
        {
            string text => text,
            null => "",
            AppendOp op => $"append {op.Position} {op.Length}",
            { } other => other.GetType().Name,
        };
        Mix(Encoding.UTF8.GetBytes($"{now.MonotonicNs} {machine} {effect.Kind} {effect.Connection} {effect.Target} {effect.Flag} {payload}"));
        if (effect.Payload is not OutgoingFrame frame) return;
        foreach (OutgoingFrame.Part part in frame.Parts)
        {
            if (part.Lease is { } lease) Mix(lease.Whole.Slice(part.Start, part.Length));
            else Mix(Encoding.UTF8.GetBytes($"{part.File.Position} {part.File.Length}"));
        }
    }

    private void Mix(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes) Hash = (Hash ^ b) * Prime;
    }
}
