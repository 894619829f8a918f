namespace Moldau.Transport;

/// <summary>What a system call returned: a count, or the error number.</summary>
public readonly record struct IoResult
{
    private IoResult(long count, int error)
    {
        Count = count;
        Error = error;
    }

    /// <summary>Bytes moved, zero when the call failed. Zero without an error is the end of a stream or file.</summary>
    public long Count { get; }

    /// <summary>An <see cref="Errno"/>, zero when the call succeeded.</summary>
    public int Error { get; }

    public bool IsOk => Error == 0;

    public bool WouldBlock => Error == Errno.Again;

    internal static IoResult Of(long returned) =>
        returned >= 0 ? new(returned, 0) : new(0, System.Runtime.InteropServices.Marshal.GetLastPInvokeError());

    internal static IoResult Failed(int error) => new(0, error);
}
