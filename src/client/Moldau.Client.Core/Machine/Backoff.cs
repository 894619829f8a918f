using Moldau.Base;

namespace Moldau.Client;

/// <summary>Waiting times that double from one failure to the next, each moved by up to a fifth either way, so that
/// many clients do not come back at once (KIP-580).</summary>
internal static class Backoff
{
    private const int MaxDoublings = 20;

    public static Duration After(int failures, Duration first, Duration most, Prng prng)
    {
        long ns = first.Ns << Math.Clamp(failures - 1, 0, MaxDoublings);
        if (ns > most.Ns || ns <= 0) ns = most.Ns;
        return new Duration((long)(ns * (0.8 + (0.4 * prng.NextDouble()))));
    }
}
