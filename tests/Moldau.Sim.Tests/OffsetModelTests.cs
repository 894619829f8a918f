using Moldau.Base;

namespace Moldau.Sim.Tests;

/// <summary>The oracle of committed offsets: it must neither accuse a good node nor excuse a bad one.</summary>
public sealed class OffsetModelTests
{
    private static readonly TopicPartition Partition = new("alpha", 1);
    private static readonly TopicPartition Other = new("alpha", 2);
    private readonly OffsetModel _model = new();

    [Fact]
    public void AnsweredChange_IsTheOnlyOffset()
    {
        _model.Is("g", Partition, 5);
        Assert.True(MayBe(5));
        Assert.False(MayBe(4));
        Assert.False(MayBe(OffsetModel.None));
    }

    [Fact]
    public void NothingCommitted_NothingMayBe()
    {
        Assert.True(MayBe(OffsetModel.None));
        Assert.False(MayBe(5));
    }

    [Fact]
    public void UnansweredChange_MayBeMadeOrNot()
    {
        _model.MayBe("g", Partition, 5);
        Assert.True(MayBe(OffsetModel.None));
        Assert.True(MayBe(5));
        Assert.False(MayBe(4));
    }

    /// <summary>Its connection went while the machine that had it stood still: others went on meanwhile.</summary>
    [Fact]
    public void UnansweredChange_MayBeMadeBehindLaterOnes_ForAWhile()
    {
        _model.MayBe("g", Partition, 5);
        _model.Is("g", Partition, 9);
        Assert.True(MayBe(9));
        Assert.True(MayBe(5));
        Assert.False(MayBe(OffsetModel.None));
        for (int i = 0; i < 200; i++) _model.Is("g", Other, i);
        _model.Is("g", Partition, 10);
        Assert.False(MayBe(5));
    }

    /// <summary>A commit that never reached the node is not what must be there.</summary>
    [Fact]
    public void UnansweredChange_AfterALossOfPower_LeavesAnyPossible()
    {
        _model.Is("g", Partition, 5);
        _model.Forget();
        _model.MayBe("g", Partition, 9);
        Assert.True(MayBe(5));
        Assert.True(MayBe(9));
        Assert.True(MayBe(OffsetModel.None));
    }

    [Fact]
    public void UnansweredDeletionOfTheGroup_AfterALossOfPower_LeavesAnyPossible()
    {
        _model.Is("g", Partition, 5);
        _model.Forget();
        _model.Is("g", Other, 6);
        _model.MayBeGone("g");
        Assert.True(MayBe(5));
        Assert.True(MayBe(OffsetModel.None));
        Assert.Null(_model.Wrong("g", Other, OffsetModel.None));
        Assert.NotNull(_model.Wrong("g", Other, 5));
    }

    [Fact]
    public void AnsweredChange_AfterALossOfPower_IsKnownAgain()
    {
        _model.Is("g", Partition, 5);
        _model.Forget();
        _model.Is("g", Partition, 9);
        Assert.True(MayBe(9));
        Assert.False(MayBe(5));
    }

    /// <summary>A loss before the first change takes no knowledge away.</summary>
    [Fact]
    public void LossOfPower_BeforeAnyChange_LeavesNothingCommitted()
    {
        _model.Forget();
        _model.MayBe("g", Partition, 9);
        Assert.True(MayBe(OffsetModel.None));
        Assert.True(MayBe(9));
        Assert.False(MayBe(5));
    }

    private bool MayBe(long offset) => _model.Wrong("g", Partition, offset) is null;
}
