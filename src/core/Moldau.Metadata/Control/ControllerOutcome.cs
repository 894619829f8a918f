using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>What the controller has decided. Its records are in its own state already and must be appended at once, as
/// one batch if <see cref="IsAtomic"/>; the response leaves when <see cref="WaitForOffset"/> is committed.</summary>
/// <param name="Response">Null where nobody asked (a timer).</param>
/// <param name="Records">Empty where nothing changes.</param>
/// <param name="IsAtomic">Whether the records must be in one batch.</param>
/// <param name="WaitForOffset">The last offset that the decision saw or makes.</param>
public sealed record ControllerOutcome(
    IResponse? Response, IReadOnlyList<MetadataRecord> Records, bool IsAtomic, long WaitForOffset)
{
    /// <summary>The level that the quorum must raise kraft.version to, behind the records; null: none. The response then
    /// also waits for that.</summary>
    public short? KRaftVersion { get; init; }
}
