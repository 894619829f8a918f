using System.Globalization;

namespace Moldau.Dev;

/// <summary>Who listens on a port of this machine, where the system tells.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    /// <summary>Such as <c>"java (process 4711)"</c>; null where it is not known.</summary>
    public static string? Of(int port)
    {
        try
        {
            return OperatingSystem.IsLinux() && Inode(port) is { } inode ? Process(inode) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Inode(int port)
    {
        const int Address = 1;
        const int State = 3;
        const int InodeField = 9;
        string end = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (string table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            if (!File.Exists(table)) continue;
            foreach (string line in File.ReadLines(table).Skip(1))
            {
                string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > InodeField && fields[State] == Listening && fields[Address].EndsWith(end, StringComparison.Ordinal))
                    return fields[InodeField];
            }
        }

        return null;
    }

    private static string? Process(string inode)
    {
        string wanted = $"socket:[{inode}]";
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(d[^1])))
        {
            try
            {
                bool has = Directory.EnumerateFiles(folder + "/fd").Any(f => File.ResolveLinkTarget(f, false)?.Name == wanted);
                if (has) return $"{File.ReadAllText(folder + "/comm").Trim()} (process {Path.GetFileName(folder)})";
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The processes of others, and those that have just ended, are not looked into.
            }
        }

        return null;
    }
}
