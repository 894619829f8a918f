using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Broker;

namespace Moldau.Runtime.Tests;

public sealed class FrameReaderTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void RandomFrames_InRandomPieces_ComeOutAsTheyWentIn(ulong seed)
    {
        using BufferPool pool = new();
        FrameReader reader = new(pool, 4_000_000);
        byte[] random = ReactorTests.Bytes(4_096, seed);
        List<byte[]> frames = [];
        List<byte> wire = [];
        for (int i = 0; i < 60; i++)
        {
            // Runs of large frames, so that the reader learns their size, between runs of small ones.
            int size = i % 20 < 10 ? random[i] : (random[i] * 1000) + random[i + 1];
            byte[] frame = ReactorTests.Bytes(size, seed + (ulong)i);
            byte[] prefix = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(prefix, size);
            wire.AddRange(prefix);
            wire.AddRange(frame);
            frames.Add(frame);
        }

        byte[] bytes = [.. wire];
        int at = 0;
        int taken = 0;
        for (int piece = 0; at < bytes.Length; piece++)
        {
            Span<byte> space = reader.GetSpace();
            Assert.True(space.Length > 0);
            int most = 1 + (random[piece % random.Length] << (piece % 11));
            int count = Math.Min(Math.Min(space.Length, bytes.Length - at), most);
            bytes.AsSpan(at, count).CopyTo(space);
            reader.Advance(count);
            at += count;
            while (reader.TryTake(out BufferLease lease, out int start, out int length))
            {
                Assert.True(lease.Span.Slice(start, length).SequenceEqual(frames[taken]));
                lease.Release();
                taken++;
            }

            // Twice the largest frame, and rounding up to a size of the pool.
            Assert.InRange(pool.OutstandingBytes, 0, 1024 * 1024);
        }

        Assert.Equal(frames.Count, taken);
        Assert.Equal(0, reader.HeldBytes);
        Assert.Equal(0, pool.Outstanding);
    }

    [Fact]
    public void SecondLargeFrame_IsReceivedIntoOneBuffer()
    {
        using BufferPool pool = new();
        FrameReader reader = new(pool, 1_000_000);
        byte[] frame = new byte[4 + 200_000];
        BinaryPrimitives.WriteInt32BigEndian(frame, 200_000);
        Assert.True(Receive(reader, frame) > 2);
        Assert.Equal(2, Receive(reader, frame));
        Assert.Equal(0, pool.Outstanding);
    }

    [Fact]
    public void LargeFrame_AfterASmallerOne_IsReceivedIntoOneBuffer()
    {
        using BufferPool pool = new();
        FrameReader reader = new(pool, 1_000_000);
        foreach (int size in (int[])[600_000, 100_000])
        {
            byte[] warm = new byte[4 + size];
            BinaryPrimitives.WriteInt32BigEndian(warm, size);
            Receive(reader, warm);
        }

        byte[] frame = new byte[4 + 500_000];
        BinaryPrimitives.WriteInt32BigEndian(frame, 500_000);
        Assert.Equal(2, Receive(reader, frame));
    }

    [Fact]
    public void LargeFrames_InARow_AreNotMixed()
    {
        using BufferPool pool = new();
        FrameReader reader = new(pool, 1_000_000);
        byte[] large = new byte[4 + 200_000];
        BinaryPrimitives.WriteInt32BigEndian(large, 200_000);
        Receive(reader, large);
        // A shorter one has come together with most of the next one.
        byte[] small = new byte[4 + 50_000];
        BinaryPrimitives.WriteInt32BigEndian(small, 50_000);
        byte[] both = [.. small, .. large];
        int at = 0;
        while (at < small.Length)
        {
            Span<byte> space = reader.GetSpace();
            int count = Math.Min(space.Length, both.Length - at);
            both.AsSpan(at, count).CopyTo(space);
            reader.Advance(count);
            at += count;
        }

        Assert.Equal(small.Length, at);
        Assert.True(reader.TryTake(out BufferLease lease, out _, out _));
        lease.Release();
        Assert.Equal(0, pool.Outstanding);
    }

    [Fact]
    public void ClaimAlone_TakesNoMoreThanAFirstBuffer()
    {
        using BufferPool pool = new();
        FrameReader reader = new(pool, 100_000_000);
        byte[] claim = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(claim, 90_000_000);
        claim.CopyTo(reader.GetSpace());
        reader.Advance(4);
        Assert.False(reader.TryTake(out _, out _, out _));
        Assert.InRange(reader.HeldBytes, 1, 16 * 1024);
        reader.Release();
        Assert.Equal(0, pool.Outstanding);
    }

    /// <summary>Hands over the frame in as large pieces as the reader has room for; returns how many that
    /// were.</summary>
    private static int Receive(FrameReader reader, byte[] frame)
    {
        int pieces = 0;
        for (int at = 0; at < frame.Length; pieces++)
        {
            Span<byte> space = reader.GetSpace();
            int count = Math.Min(space.Length, frame.Length - at);
            frame.AsSpan(at, count).CopyTo(space);
            reader.Advance(count);
            at += count;
        }

        Assert.True(reader.TryTake(out BufferLease lease, out _, out int length));
        Assert.Equal(frame.Length - 4, length);
        lease.Release();
        return pieces;
    }
}
