using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Sent = Moldau.Client.Tests.Support.ProducerWorld.Sent;

namespace Moldau.Client.Tests.Producing;

/// <summary>Batches, requests and their memory are used again, and never while somebody has them: a batch that was given up
/// while its request was under way is the case that cost Kafka's producer its users' records (KAFKA-19012,
/// CVE-2026-35554). In these tests memory that was given back is overwritten.</summary>
public sealed class BatchReuseTests
{
    [Fact]
    public void BatchThatIsOver_IsTheNextOne()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.Zero });
        ProduceBatch first = world.Send().Batch!;
        ProduceBatch second = world.Send().Batch!;
        Assert.Same(first, second);
        Assert.Equal(ProduceBatchState.Idle, second.State);
        Assert.Equal(["0", "1"], world.Log.Values("t", 0));
    }

    [Fact]
    public void BatchThatNobodyWasTold_IsNotUsedAgain()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.Zero }, tells: false);
        ProduceBatch first = world.Send().Batch!;
        Assert.Equal(ProduceBatchState.Ended, first.State);
        Assert.NotSame(first, world.Send().Batch);
        first.OnTold();
        Assert.Same(first, world.Send().Batch);
    }

    [Fact]
    public void BatchGivenUpInFlight_KeepsItsMemoryUntilTheAnswer()
    {
        ProducerWorld world = Started(new ProducerOptions
        {
            Linger = Duration.Zero,
            DeliveryTimeout = Duration.FromSeconds(1),
            BatchBytes = 200,
            BufferBytes = 400,
        });
        world.Log.ShouldAnswer = _ => false;
        Sent first = world.Send();
        ProduceBatch batch = first.Batch!;
        byte[] sent = batch.Bytes.ToArray();
        world.World.RunUntil(() => first.IsDone, 2_000);
        Assert.Equal(ErrorCode.RequestTimedOut, first.Error!.Code);

        // It was told, and the request still has it.
        Assert.Equal(ProduceBatchState.InFlight, batch.State);
        Assert.Equal(sent, batch.Bytes.ToArray());
        Assert.Equal(200, world.Part.Accumulator.Memory.Used);
        Sent second = world.Send();
        Assert.NotSame(batch, second.Batch);
        Assert.Equal(sent, batch.Bytes.ToArray());
        world.Log.ShouldAnswer = null;
        world.Log.AnswerHeld();
        Assert.Equal(ProduceBatchState.Idle, batch.State);
        world.World.RunUntil(() => second.IsDone, 2_000);
        Assert.Equal(["0", "1"], world.Log.Values("t", 0));
        Assert.Equal(0, world.Part.Accumulator.Memory.Used);
    }

    [Fact]
    public void BatchInARequest_CannotBeGivenBack()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.Zero });
        world.Log.ShouldAnswer = _ => false;
        ProduceBatch batch = world.Send().Batch!;
        Assert.Equal(ProduceBatchState.InFlight, batch.State);
        Assert.ThrowsAny<Exception>(() => world.Part.Accumulator.Release(batch));
    }

    [Fact]
    public void MemoryThatWasGivenBack_IsOverwrittenInTests()
    {
        ClientFrame frame = ClientFrame.Rent(64);
        Memory<byte> kept = frame.Memory;
        kept.Span.Clear();
        frame.Release();
        Assert.DoesNotContain((byte)0, kept.ToArray());
    }

    [Fact]
    public void FrameReleasedTwice_IsFound()
    {
        ClientFrame frame = ClientFrame.Rent(64);
        frame.Retain();
        frame.Release();
        frame.Release();
        Assert.ThrowsAny<Exception>(frame.Release);
    }

    [Fact]
    public void ParkedRecord_IsUsedAgainWhenItsWaitWasTold()
    {
        ProducerWorld world = Started(new ProducerOptions { BufferBytes = 1000, BatchBytes = 1000, Linger = Duration.Zero });
        world.Log.ShouldAnswer = _ => false;
        world.Send(padTo: 800);
        Sent second = world.Send(padTo: 800);
        ParkedRecord parked = second.Parked!;
        world.Log.ShouldAnswer = null;
        world.Log.AnswerHeld();
        world.World.RunUntil(() => second.IsDone, 1_000);
        world.Log.ShouldAnswer = _ => false;
        world.Send(padTo: 800);
        Assert.Same(parked, world.Send(padTo: 800).Parked);
        Assert.Equal(["0", "1", "2"], world.Log.Values("t", 0).Select(v => v.Trim()));
    }

    private static ProducerWorld Started(ProducerOptions options, bool tells = true)
    {
        ProducerWorld world = new(options, tells: tells);
        world.Brokers[0].Topic("t", 1);
        world.World.Do((_, turn) => world.Part.Accumulator.TopicOf("t", turn));
        world.World.RunFor(100);
        return world;
    }
}
