using System.Runtime.InteropServices;

namespace Moldau.Transport;

/// <summary>The shell speaks to Linux directly. Other systems are told so before anything else happens.</summary>
public static class Platform
{
    public static bool IsSupported => OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    public static void EnsureSupported()
    {
        if (IsSupported) return;
        throw new PlatformNotSupportedException(
            $"Moldau's node runs on 64-bit Linux; this is {RuntimeInformation.OSDescription}. "
            + "Use a Linux machine, a container or WSL 2. The client library runs everywhere.");
    }
}
