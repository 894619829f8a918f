using Moldau.Base;

namespace Moldau.Sim.Tests.Storage;

public sealed class ShrinkerTests
{
    [Fact]
    public void Shrink_KeepsWhatTheFailureTakes_InItsOrder()
    {
        int[] plan = [.. Enumerable.Range(0, 100)];
        IReadOnlyList<int> left = Shrinker.Shrink(plan, p => p.Contains(17) && p.Contains(63) && p.Contains(64));
        Assert.Equal([17, 63, 64], left);
    }

    [Fact]
    public void Shrink_WhatFailsByItself_LeavesNothing() =>
        Assert.Empty(Shrinker.Shrink([1, 2, 3], static _ => true));

    [Fact]
    public void Shrink_OfOneItemThatIsNeeded_KeepsIt() =>
        Assert.Equal([7], Shrinker.Shrink([7], static p => p.Contains(7)));

    [Fact]
    public void Shrink_AtItsBound_AnswersTheSmallestSoFar()
    {
        int runs = 0;
        int[] plan = [.. Enumerable.Range(0, 1000)];
        IReadOnlyList<int> left = Shrinker.Shrink(plan, Fails, mostRuns: 5);
        Assert.Equal(5, runs);
        Assert.InRange(left.Count, 2, 999);
        Assert.Contains(3, left);

        bool Fails(IReadOnlyList<int> part)
        {
            runs++;
            return part.Contains(3) && part.Contains(900);
        }
    }

    /// <summary>Whatever is needed of random plans, nothing else stays.</summary>
    [Fact]
    public void Shrink_OfRandomNeeds_IsMinimal()
    {
        Prng prng = new(5);
        for (int round = 0; round < 200; round++)
        {
            int[] plan = [.. Enumerable.Range(0, 1 + prng.Next(60))];
            HashSet<int> needed = [];
            for (int i = prng.Next(5); i > 0; i--) needed.Add(prng.Next(plan.Length));
            IReadOnlyList<int> left = Shrinker.Shrink(plan, p => needed.IsSubsetOf(p));
            Assert.Equal(needed.Order(), left);
        }
    }
}
