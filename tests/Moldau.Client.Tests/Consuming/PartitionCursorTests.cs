using Moldau.Base;

namespace Moldau.Client.Tests.Consuming;

/// <summary>What a seek leaves of where the reader was before: nothing.</summary>
public sealed class PartitionCursorTests
{
    private readonly PartitionCursor _cursor = new(new TopicPartition("t", 0));

    [Fact]
    public void Seek_ForgetsTheEpochOfWhatWasReadBefore()
    {
        _cursor.Seek(100, 7);
        _cursor.MarkDone(101, 7, _cursor.Generation);
        _cursor.Seek(3, -1);
        Assert.Equal((3, 3, -1, -1), (_cursor.FetchOffset, _cursor.Consumed, _cursor.ConsumedEpoch, _cursor.LastEpoch));
        Assert.Equal(-1, _cursor.SeenLeaderEpoch);
        Assert.Equal(CursorState.Fetching, _cursor.State);
    }

    [Fact]
    public void Seek_TakesTheEpochThatItIsGiven()
    {
        _cursor.Seek(100, 7);
        _cursor.Seek(3, 2);
        Assert.Equal((2, 2), (_cursor.ConsumedEpoch, _cursor.LastEpoch));
    }

    [Fact]
    public void MarkDone_OfARecordReadBeforeTheSeek_ChangesNothing()
    {
        _cursor.Seek(100, 7);
        int before = _cursor.Generation;
        _cursor.Seek(3, -1);
        _cursor.MarkDone(101, 7, before);
        Assert.Equal((3, -1), (_cursor.Consumed, _cursor.ConsumedEpoch));
        _cursor.MarkDone(4, 1, _cursor.Generation);
        Assert.Equal((4, 1), (_cursor.Consumed, _cursor.ConsumedEpoch));
    }

    [Fact]
    public void Seek_OutdatesWhatWasFetched()
    {
        _cursor.Seek(100, 7);
        _cursor.HasBuffered = true;
        _cursor.Failures = 3;
        int before = _cursor.Generation;
        _cursor.Seek(100, 7);
        Assert.NotEqual(before, _cursor.Generation);
        Assert.False(_cursor.HasBuffered);
        Assert.Equal(0, _cursor.Failures);
    }
}
