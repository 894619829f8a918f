namespace Moldau.Coordination;

/// <summary>One record of a coordinator's log: key and value as bytes, each beginning with its version. A null value is
/// a tombstone.</summary>
public readonly record struct CoordinatorRecord(byte[] Key, byte[]? Value);
