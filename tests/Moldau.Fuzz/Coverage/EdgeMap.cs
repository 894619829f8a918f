using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Moldau.Fuzz;

/// <summary>What rewritten code counts into. One thread runs it, so nothing here is shared.</summary>
public static unsafe class EdgeMap
{
    /// <summary>Room for the counters of every assembly of the product.</summary>
    public const int Capacity = 1 << 19;

    /// <summary>One byte for each place; loaded by rewritten code, so a field and not a property.</summary>
    public static readonly byte* Counters = (byte*)NativeMemory.AlignedAlloc(Capacity, 64);

    private static long _fuel = long.MaxValue;

    static EdgeMap() => Clear(Capacity);

    /// <summary>Places given out so far.</summary>
    public static int Used { get; set; }

    /// <summary>Loop heads that may still be passed.</summary>
    public static long Fuel
    {
        get => _fuel;
        set => _fuel = value;
    }

    /// <summary>Called by rewritten code at the head of each loop.</summary>
    public static void Burn()
    {
        if (--_fuel < 0) RunOut();
    }

    public static void Clear() => Clear(Used);

    public static Span<byte> Counted() => new(Counters, Used);

    private static void Clear(int bytes) => new Span<byte>(Counters, bytes).Clear();

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
