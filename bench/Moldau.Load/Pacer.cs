using System.Diagnostics;

namespace Moldau.Load;

/// <summary>An open loop: bursts of a millisecond's records, or single ones at lower rates. A burst is timed from its begin, since a
/// sleep may end a little late, and one that the burst before it has made late from when it was due.</summary>
internal static class Pacer
{
    private const double BurstsASecond = 1000;

    /// <param name="rate">Records a second.</param>
    /// <param name="isOver">Ends it.</param>
    /// <param name="send">Sends one record that counts from the time given.</param>
    public static void Run(double rate, Func<bool> isOver, Action<long> send)
    {
        using ManualResetEventSlim never = new(false, spinCount: 0);
        int burst = Math.Max(1, (int)(rate / BurstsASecond));
        double tick = burst / rate * Stopwatch.Frequency;
        long begun = Stopwatch.GetTimestamp();
        for (long bursts = 0; !isOver(); bursts++)
        {
            long due = begun + (long)(bursts * tick);
            long now = Stopwatch.GetTimestamp();
            bool isLate = now > due + (Stopwatch.Frequency / BurstsASecond);
            while (now < due)
            {
                never.Wait(1);
                now = Stopwatch.GetTimestamp();
                isLate = false;
            }

            for (int i = 0; i < burst; i++) send(isLate ? due : now);
        }
    }
}
