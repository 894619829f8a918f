using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Moldau.Fuzz;

/// <summary>What rewritten code counts into. One thread runs it, so nothing here is shared.</summary>
public static unsafe class EdgeMap
{
    /// <summary>Room for the counters of every assembly of the product.</summary>
    public const int Capacity = 1 << 19;

    /// <summary>Comparisons of one execution that are of use; a hot loop makes many.</summary>
    private const int MostTraced = 200;

    /// <summary>One byte for each place; loaded by rewritten code, so a field and not a property.</summary>
    public static readonly byte* Counters = (byte*)NativeMemory.AlignedAlloc(Capacity, 64);

    private static long _fuel = long.MaxValue;

    static EdgeMap() => Clear(Capacity);

    /// <summary>Comparisons are noted while this is set; a field, because rewritten code asks before each of them.</summary>
    private static bool _isTracing;
    private static readonly HashSet<ComparedValue> Seen = [];
    private static readonly List<ComparedValue> Traced = [];

    /// <summary>Places given out so far.</summary>
    public static int Used { get; set; }

    /// <summary>Loop heads that may still be passed.</summary>
    public static long Fuel
    {
        get => _fuel;
        set => _fuel = value;
    }

    /// <summary>Called by rewritten code at the head of each loop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // a third of the time of code that is all loops, where it is called
    public static void Burn()
    {
        if (--_fuel < 0) RunOut();
    }

    /// <summary>Called by rewritten code before it compares with a constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Compared(int seen, int wanted)
    {
        if (_isTracing) Note(seen, wanted);
    }

    /// <summary>The same of wide numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ComparedWide(long seen, long wanted)
    {
        if (_isTracing) Note(seen, wanted);
    }

    /// <summary>Notes comparisons from now on.</summary>
    public static void Trace()
    {
        Seen.Clear();
        Traced.Clear();
        _isTracing = true;
    }

    /// <summary>What was compared since <see cref="Trace"/> and was not equal, each once, in order.</summary>
    public static ComparedValue[] EndTrace()
    {
        _isTracing = false;
        return [.. Traced];
    }

    public static void Clear() => Clear(Used);

    public static Span<byte> Counted() => new(Counters, Used);

    private static void Clear(int bytes) => new Span<byte>(Counters, bytes).Clear();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Note(long seen, long wanted)
    {
        ComparedValue compared = new(seen, wanted);
        if (seen != wanted && Traced.Count < MostTraced && Seen.Add(compared)) Traced.Add(compared);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOut()
    {
        // Code on the way out, such as a finally block, has a little left to run with.
        _fuel = 100_000;
        throw new OutOfFuelException();
    }
}

/// <summary>The execution passed more loop heads than its input may cost: a hang.</summary>
public sealed class OutOfFuelException() : Exception("the step bound was reached");
