using System.Text;
using Moldau.Base;

namespace Moldau.Sim;

/// <summary>A hash over everything that happened, the same in every process for one seed, and the last entries as text.</summary>
public sealed class SimTrace(SimClock clock)
{
    private const int Kept = 400;

    private readonly Entry[] _last = new Entry[Kept];
    private readonly Dictionary<Type, ulong> _names = [];
    private long _count;

    private readonly record struct Entry(long AtNs, string What, int Node, int Machine, long Number, string? Payload, ulong Bytes);

    public ulong Hash { get; private set; } = 0x9E3779B97F4A7C15;

    public long Count => _count;

    /// <summary>Gets every entry as it comes, for a replay that one wants to read.</summary>
    public TextWriter? Output { get; set; }

    public void Add(string what, int node, int machine, long number, object? payload, ulong bytes = 0)
    {
        Type? type = payload?.GetType();
        Mix((ulong)clock.NowNs);
        Mix(HashOf(what));
        Mix(((ulong)(uint)node << 32) | (uint)machine);
        Mix((ulong)number);
        Mix(type is null ? 0 : NameHash(type));
        Mix(bytes);
        Entry entry = new(clock.NowNs, what, node, machine, number, type?.Name, bytes);
        _last[_count++ % Kept] = entry;
        Output?.WriteLine(Format(entry));
    }

    /// <summary>The last entries, oldest first.</summary>
    public string Tail(int entries)
    {
        StringBuilder text = new();
        for (long i = Math.Max(0, _count - Math.Min(entries, Kept)); i < _count; i++)
            text.AppendLine(Format(_last[i % Kept]));
        return text.ToString();
    }

    internal static ulong HashOf(ReadOnlySpan<byte> bytes) => Crc32C.Compute(bytes) | ((ulong)bytes.Length << 32);

    private static string Format(in Entry e) =>
        $"{e.AtNs / 1e6,12:F3} ms  n{e.Node}/{(e.Machine < 0 ? "control" : e.Machine == int.MaxValue ? "-" : $"shard-{e.Machine}")}"
        + $"  {e.What,-14} #{e.Number} {e.Payload} {(e.Bytes == 0 ? "" : $"{e.Bytes >> 32} B crc {(uint)e.Bytes:x8}")}";

    private ulong NameHash(Type type)
    {
        if (!_names.TryGetValue(type, out ulong hash)) _names.Add(type, hash = HashOf(type.Name));
        return hash;
    }

    private static ulong HashOf(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text) hash = (hash ^ c) * 1099511628211;
        return hash;
    }

    private void Mix(ulong value)
    {
        ulong h = (Hash ^ value) * 0xBF58476D1CE4E5B9;
        Hash = ulong.RotateLeft(h ^ (h >> 32), 17);
    }
}
