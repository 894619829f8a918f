using System.Diagnostics;

namespace Moldau.Bench.Clients;

/// <summary>An open loop: bursts of a millisecond's records. A burst is timed from its begin, and one that the burst before it
/// has made late from when it was due.</summary>
internal static class Pacer
{
    /// <param name="rate">Records a second.</param>
    /// <param name="isOver">Ends it.</param>
    /// <param name="send">Sends one record that counts from the time given.</param>
    public static void Run(int rate, Func<bool> isOver, Action<long> send)
    {
        using ManualResetEventSlim never = new(false, spinCount: 0);
        long tick = Stopwatch.Frequency / 1000;
        long due = Stopwatch.GetTimestamp();
        while (!isOver())
        {
            long now = Stopwatch.GetTimestamp();
            bool isLate = now > due + tick;
            while (now < due)
            {
                never.Wait(1);
                now = Stopwatch.GetTimestamp();
                isLate = false;
            }

            for (int i = 0; i < rate / 1000; i++) send(isLate ? due : now);
            due += tick;
        }
    }
}
