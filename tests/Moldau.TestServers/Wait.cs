using System.Diagnostics;

namespace Moldau.TestServers;

/// <summary>Bounded waiting for something that another process does.</summary>
public static class Wait
{
    public static void Until(Func<bool> isTrue, TimeSpan timeout, string what)
    {
        var waited = Stopwatch.StartNew();
        using var pause = new ManualResetEventSlim();
        while (!isTrue())
        {
            if (waited.Elapsed > timeout)
                throw new TimeoutException($"still waiting for {what} after {timeout.TotalSeconds} s");
            pause.Wait(20);
        }
    }
}
