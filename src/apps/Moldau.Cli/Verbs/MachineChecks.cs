using System.Globalization;

namespace Moldau.Cli.Verbs;

/// <summary>What of this machine matters to a node or a client on it.</summary>
internal static class MachineChecks
{
    private const long FewFiles = 10_000;
    private const long FewBytes = 1L << 30;
    private const int FewPercent = 5;

    public static void Run(DoctorReport report)
    {
        OpenFiles(report);
        string[] folders = [Path.GetFullPath("."), Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.GetTempPath()))];
        foreach (string folder in folders.Distinct()) Space(report, folder);
    }

    /// <summary>A node keeps the files of many partitions open.</summary>
    private static void OpenFiles(DoctorReport report)
    {
        const string Limits = "/proc/self/limits";
        const int SoftColumn = 26;
        if (!File.Exists(Limits)) return;
        string? line = File.ReadLines(Limits).FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        if (line is null || line.Length < SoftColumn) return;
        string soft = line[SoftColumn..].TrimStart().Split(' ')[0];
        if (soft == "unlimited" || !long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long most) || most >= FewFiles)
            report.Ok("open files", $"up to {soft}");
        else
            report.Warn("open files", $"up to {soft}", "raise it for a node with many partitions: ulimit -n 100000, or LimitNOFILE of the service");
    }

    private static void Space(DoctorReport report, string folder)
    {
        try
        {
            DriveInfo drive = new(folder);
            long free = drive.AvailableFreeSpace;
            double percent = 100.0 * free / Math.Max(1, drive.TotalSize);
            string found = string.Create(CultureInfo.InvariantCulture, $"{free >> 20} MiB free ({percent:F0} %) at {folder}");
            if (free < FewBytes || percent < FewPercent) report.Warn("disk space", found, "make room: a node stops when a log directory is full");
            else report.Ok("disk space", found);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            report.Warn("disk space", $"{folder}: {error.Message}", "look at the volume by hand");
        }
    }
}
