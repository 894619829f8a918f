using System.Buffers.Binary;
using System.Text;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Protocol;

namespace Moldau.Fuzz;

/// <summary>A connection's bytes cut into frames, and the request headers in them. The first byte decides where they are cut.</summary>
internal sealed class FramesTarget : FuzzTarget
{
    private const int LargestFrame = 64 << 10;
    private const int FirstBuffer = 16 << 10;

    /// <summary>The pool's own blocks for small buffers.</summary>
    private const int PoolSlack = 2 * FirstBuffer;

    public override string Name => "frames";

    public override string Summary => "FrameReader: the same frames however the bytes are cut, memory by what came; request headers read twice";

    public override int QuickIterations => 30_000;

    public override int MaxBytes => 100_000;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        byte[] small = [.. Enumerable.Range(0, 5).SelectMany(i => Frame(prng, i * 3))];
        yield return [1, .. small];
        yield return [2, .. Frame(prng, 20_000), .. small, .. Frame(prng, 40_000), .. small];
        yield return [3, 0, 0, 0, 0, 0, 0, 0, 1, 7, .. small];
        yield return [4, .. small, 0x7F, 0xFF, 0xFF, 0xFF, 0];
        foreach (ApiInfo api in ApiTable.All.Where(a => !a.IsRemoved))
            yield return [(byte)api.Key, .. Header(api, api.HighestVersion, "client"), .. Header(api, api.LowestVersion, null)];
    }

    public override void Run(byte[] input)
    {
        if (input.Length == 0) return;
        byte[] stream = input[1..];
        List<byte[]> whole = Cut(stream, () => int.MaxValue, out bool isBroken, out int held);
        Must(held <= (8L * stream.Length) + PoolSlack, $"held {held} bytes for {stream.Length}");
        // Byte by byte only where that is not the whole time.
        if (stream.Length < 5000) Compare(whole, isBroken, Cut(stream, () => 1, out bool isBrokenToo, out _), isBrokenToo);
        Prng prng = new(input[0]);
        Compare(whole, isBroken, Cut(stream, () => 1 + prng.Next(1 + prng.Next(9000)), out bool isBrokenHere, out _), isBrokenHere);
        Compare(whole, isBroken, Naive(stream, out bool isBrokenNaively), isBrokenNaively);
        foreach (byte[] frame in whole) Headers(frame);
    }

    private static List<byte[]> Cut(byte[] stream, Func<int> next, out bool isBroken, out int held)
    {
        using BufferPool pool = new();
        FrameReader reader = new(pool, LargestFrame);
        List<byte[]> frames = [];
        held = 0;
        for (int at = 0; at < stream.Length && !reader.IsBroken;)
        {
            Span<byte> space = reader.GetSpace();
            int n = Math.Min(Math.Min(space.Length, stream.Length - at), next());
            stream.AsSpan(at, n).CopyTo(space);
            reader.Advance(n);
            at += n;
            held = Math.Max(held, reader.HeldBytes);
            Must(reader.HeldBytes <= (8L * at) + PoolSlack, $"held {reader.HeldBytes} bytes for {at}");
            while (reader.TryTake(out BufferLease lease, out int start, out int length))
            {
                frames.Add(lease.Span.Slice(start, length).ToArray());
                lease.Release();
            }
        }

        isBroken = reader.IsBroken;
        reader.Release();
        Must(pool.Outstanding == 0, $"leases were not returned: {pool.Outstanding}");
        return frames;
    }

    private static List<byte[]> Naive(byte[] stream, out bool isBroken)
    {
        List<byte[]> frames = [];
        for (int at = 0; stream.Length - at >= 4;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(stream.AsSpan(at));
            isBroken = length is < 0 or > LargestFrame;
            if (isBroken) return frames;
            if (stream.Length - at - 4 < length) break;
            frames.Add(stream[(at + 4)..(at + 4 + length)]);
            at += 4 + length;
        }

        isBroken = false;
        return frames;
    }

    private static void Compare(List<byte[]> left, bool isLeftBroken, List<byte[]> right, bool isRightBroken)
    {
        Must(isLeftBroken == isRightBroken, "one cut breaks the stream and another does not");
        Must(left.Count == right.Count, $"another cut gives another number of frames: {left.Count}, {right.Count}");
        for (int i = 0; i < left.Count; i++) Must(left[i].AsSpan().SequenceEqual(right[i]), "another cut gives another frame");
    }

    /// <summary>The view in place and the generated class see the same header.</summary>
    private void Headers(byte[] frame)
    {
        if (!RequestHeaderView.TryRead(frame, out RequestHeaderView view)) return;
        // The class keeps tagged fields that nobody knows; the view takes no memory, so that the budget is not its.
        KafkaReader reader = new(frame, 1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RequestHeader header = RequestHeader.Read(ref reader, view.Api.RequestHeaderVersion(view.Version));
        // Only this comparison reads headers so.
        Excused += GC.GetAllocatedBytesForCurrentThread() - before;
        Must(!reader.Failed, "the view reads a header that the class refuses");
        Must(header.RequestApiKey == (short)view.Api.Key && header.RequestApiVersion == view.Version, "the header's API differs");
        Must(header.CorrelationId == view.CorrelationId, "the header's correlation id differs");
        Must((header.ClientId is not null) == view.HasClientId, "the header's client id is null in one only");
        Must((header.ClientId ?? "") == Encoding.UTF8.GetString(view.ClientId), "the header's client id differs");
        Must(reader.Position == view.BodyStart, $"the body begins elsewhere: {reader.Position}, {view.BodyStart}");
    }

    private static byte[] Frame(Prng prng, int length)
    {
        byte[] frame = new byte[4 + length];
        BinaryPrimitives.WriteInt32BigEndian(frame, length);
        prng.NextBytes(frame.AsSpan(4));
        return frame;
    }

    private static byte[] Header(ApiInfo api, short version, string? clientId)
    {
        RequestHeader header =
            new() { RequestApiKey = (short)api.Key, RequestApiVersion = version, CorrelationId = 9, ClientId = clientId };
        byte[] body = KafkaWriter.ToArray(header, api.RequestHeaderVersion(version));
        byte[] frame = [0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        return frame;
    }
}
