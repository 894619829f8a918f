using System.Runtime.InteropServices;

namespace Moldau.TestServers;

internal static partial class PosixSignal
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    public static void Send(int processId, int signal)
    {
        // An answer other than 0 means that the process has ended already, which is what the callers want.
        _ = SendSignal(processId, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
