namespace Moldau.Transport;

/// <summary>Tells a call that waited from one during which the processor was taken away.</summary>
public static unsafe class ThreadWaits
{
    private const int ThisThread = 1;

    /// <summary>How often the calling thread has waited in the kernel so far (voluntary context switches); always zero
    /// where the system does not tell.</summary>
    public static long Count()
    {
        if (!Platform.IsSupported) return 0;
        LibC.ResourceUsage usage;
        return LibC.GetResourceUsage(ThisThread, &usage) < 0 ? 0 : usage.VoluntarySwitches;
    }
}
