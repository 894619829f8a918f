namespace Moldau.Client;

/// <summary>The consumer in whose name a transaction commits offsets: a member that was replaced meanwhile is refused
/// (KIP-447).</summary>
/// <param name="GroupId">The group.</param>
/// <param name="GenerationId">The generation or member epoch; −1 for a consumer that manages its partitions
/// itself.</param>
/// <param name="MemberId">The member's id; empty with generation −1.</param>
/// <param name="GroupInstanceId">The static member's name, where it has one.</param>
public sealed record ConsumerGroupMetadata(
    string GroupId, int GenerationId = -1, string MemberId = "", string? GroupInstanceId = null);
