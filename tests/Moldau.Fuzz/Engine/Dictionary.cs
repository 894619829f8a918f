using System.Text;

namespace Moldau.Fuzz;

/// <summary>Values that readers take notice of: boundaries by hand, the rest out of the code under test.</summary>
internal static class Dictionary
{
    private static readonly long[] Boundaries =
    [
        0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 126, 127, 128, 129, 255, 256, 257, 1000, 4095, 4096,
        16383, 16384, 32767, 32768, 65535, 65536, 1_000_000, 1_000_001, 104_857_600, int.MaxValue - 1, int.MaxValue, 2_147_483_648,
        uint.MaxValue, 4_294_967_296, long.MaxValue - 1, long.MaxValue,
    ];

    private static int[] _constants = [];

    /// <summary>Of the code under test.</summary>
    public static byte[][] Words { get; private set; } = [];

    public static void Learn(int[] constants, string[] words)
    {
        _constants = constants;
        Words = [.. words.Select(Encoding.UTF8.GetBytes)];
    }

    public static long Number(Moldau.Base.Prng prng)
    {
        int kind = prng.Next(10);
        if (kind == 0 && _constants.Length > 0) return _constants[prng.Next(_constants.Length)];
        long number = Boundaries[prng.Next(Boundaries.Length)];
        return kind < 4 ? -number : kind == 4 ? number + prng.Next(-3, 4) : number;
    }
}
