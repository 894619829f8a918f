using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>An error for a client or peer: code and, where Kafka gives one, text.</summary>
public readonly record struct ControllerError(ErrorCode Code, string? Message = null)
{
    public static readonly ControllerError None;

    public bool IsFailure => Code != ErrorCode.None;

    public short CodeNumber => (short)Code;
}

/// <summary>A decision: the records that make it true, and the answer that may leave once they are committed.</summary>
/// <param name="Response">What the caller is told.</param>
/// <param name="Records">To append, in this order; empty where nothing changes.</param>
/// <param name="IsAtomic">Whether all records must be in one batch.</param>
public sealed record ControllerResult<T>(T Response, IReadOnlyList<MetadataRecord> Records, bool IsAtomic = true)
{
    /// <summary>The level that kraft.version is to be raised to, which the quorum keeps; null: it stays.</summary>
    public short? KRaftVersion { get; init; }
}
