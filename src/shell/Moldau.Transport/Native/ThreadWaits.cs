namespace Moldau.Transport;

/// <summary>Tells a call that waited from one during which the processor was taken away.</summary>
public static unsafe class ThreadWaits
{
    private const int ThisThread = 1;

    /// <summary>How often the calling thread has waited in the kernel so far (voluntary context switches).</summary>
    public static long Count()
    {
        LibC.ResourceUsage usage;
        return LibC.GetResourceUsage(ThisThread, &usage) < 0 ? 0 : usage.VoluntarySwitches;
    }
}
