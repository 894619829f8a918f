namespace Moldau.Coordination;

/// <summary>Groups of a coordinator by state, and the offsets that they have committed.</summary>
public readonly record struct GroupCounts(
    int Empty, int PreparingRebalance, int CompletingRebalance, int Stable, int Dead, int Offsets)
{
    public int Groups => Empty + PreparingRebalance + CompletingRebalance + Stable + Dead;

    public static GroupCounts operator +(GroupCounts a, GroupCounts b) => new(
        a.Empty + b.Empty, a.PreparingRebalance + b.PreparingRebalance, a.CompletingRebalance + b.CompletingRebalance,
        a.Stable + b.Stable, a.Dead + b.Dead, a.Offsets + b.Offsets);

    /// <summary>Walks the groups.</summary>
    internal static GroupCounts Of(GroupShardState state)
    {
        Span<int> states = stackalloc int[(int)ClassicGroupState.Dead + 1];
        foreach (ClassicGroup group in state.Groups.Values) states[(int)group.State]++;
        return new(
            states[(int)ClassicGroupState.Empty], states[(int)ClassicGroupState.PreparingRebalance],
            states[(int)ClassicGroupState.CompletingRebalance], states[(int)ClassicGroupState.Stable],
            states[(int)ClassicGroupState.Dead], state.Offsets.CommittedCount);
    }
}
