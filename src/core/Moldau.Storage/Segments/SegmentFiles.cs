namespace Moldau.Storage;

/// <summary>Operations on all files of a segment, inside jobs.</summary>
internal static class SegmentFiles
{
    public static void Delete(IDisk disk, string folder, long baseOffset, string after = "")
    {
        foreach (string suffix in LogFileNames.SegmentSuffixes)
            DiskFiles.DeleteIfExists(disk, LogFileNames.PathOf(folder, baseOffset, suffix + after));
    }

    /// <summary>Marks the files as deleted: a crash before their removal does not bring them back.</summary>
    public static void MarkDeleted(IDisk disk, string folder, long baseOffset)
    {
        foreach (string suffix in LogFileNames.SegmentSuffixes)
        {
            string path = LogFileNames.PathOf(folder, baseOffset, suffix);
            if (disk.FileExists(path)) disk.Rename(path, path + LogFileNames.Deleted);
        }
    }
}
