namespace Moldau.Base;

/// <summary>A number beside the logic that counts something. Written by its owner thread only; the publisher reads it
/// from another thread and may see a slightly old value, never a torn one (aligned 64-bit).</summary>
public sealed class MetricCell
{
    private long _value;

    public long Value => _value;

    public void Add(long by) => _value += by;

    public void Increment() => _value++;

    public void Set(long value) => _value = value;
}
