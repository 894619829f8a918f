using System.Runtime.InteropServices;

namespace Moldau.Transport;

/// <summary>Error numbers of Linux that the shell tells apart.</summary>
public static class Errno
{
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int Again = 11;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int NotPermitted = 1;
    public const int Invalid = 22;
    public const int TooManyFilesInSystem = 23;
    public const int TooManyFilesInProcess = 24;
    public const int FileTooLarge = 27;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int BrokenPipe = 32;
    public const int BadDescriptor = 9;
    public const int NotSupported = 95;
    public const int AddressInUse = 98;
    public const int AddressNotAvailable = 99;
    public const int ConnectionAborted = 103;
    public const int ConnectionReset = 104;
    public const int NoBufferSpace = 105;
    public const int OverQuota = 122;
    public const int InProgress = 115;

    /// <summary>The C library's words for it, such as "No space left on device".</summary>
    public static string Describe(int errno) => Marshal.GetPInvokeErrorMessage(errno);
}
