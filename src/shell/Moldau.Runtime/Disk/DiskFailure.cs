using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>From error numbers to the kinds of failure that the logic tells apart.</summary>
internal static class DiskFailure
{
    internal static DiskError KindOf(int errno) => errno switch
    {
        Errno.NoEntry => DiskError.NotFound,
        Errno.Exists => DiskError.AlreadyExists,
        Errno.NoSpace or Errno.OverQuota or Errno.FileTooLarge => DiskError.NoSpace,
        Errno.AccessDenied or Errno.NotPermitted or Errno.ReadOnlyFileSystem => DiskError.Access,
        Errno.TooManyFilesInProcess or Errno.TooManyFilesInSystem => DiskError.TooManyFiles,
        _ => DiskError.Io,
    };

    internal static DiskException Of(string call, string path, int errno) => new(KindOf(errno), call, path, errno);

    internal static void Check(IoResult result, string call, string path)
    {
        if (!result.IsOk) throw Of(call, path, result.Error);
    }

    /// <summary>The base library's exceptions carry the error number in their HResult on Linux.</summary>
    internal static DiskException Of(string call, string path, Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => Of(call, path, Errno.NoEntry),
        UnauthorizedAccessException => Of(call, path, Errno.AccessDenied),
        _ => Of(call, path, e.HResult is > 0 and < 4096 ? e.HResult : Errno.InputOutput),
    };
}
