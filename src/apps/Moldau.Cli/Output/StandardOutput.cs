using Microsoft.Win32.SafeHandles;

namespace Moldau.Cli.Output;

/// <summary>Standard output as a stream that tells when nobody reads it any more.</summary>
internal static class StandardOutput
{
    /// <summary>Writes to a pipe fail once its reader is gone, where the console's stream would go on in silence. A file
    /// stays with the console's stream, which moves the offset that the shell's next command begins at.</summary>
    public static Stream Open()
    {
        if (OperatingSystem.IsWindows()) return Console.OpenStandardOutput();
        FileStream stream = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return stream.CanSeek || !Console.IsOutputRedirected ? Console.OpenStandardOutput() : stream;
    }
}
