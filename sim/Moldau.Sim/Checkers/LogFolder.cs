using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>Reads a log's folder past the node, without calls that faults could hit.</summary>
internal static class LogFolder
{
    /// <summary>The whole batches of a folder's segments, in order, up to an end.</summary>
    public static List<BatchNote> Batches(SimDisk disk, string folder, long start, long end)
    {
        List<BatchNote> found = [];
        foreach ((string name, SimFileData file) in Files(disk, folder, LogFileNames.Log))
        {
            byte[] bytes = file.Bytes();
            RecordBatchEnumerator batches = new(bytes);
            for (int at = 0; batches.MoveNext(); at += batches.Current.SizeInBytes)
            {
                RecordBatchView batch = batches.Current;
                if (batch.BaseOffset >= end) return found;
                if (batch.LastOffset >= start) found.Add(BatchNote.Of(batch, file, $"{folder}/{name}", at));
            }
        }

        return found;
    }

    public static IEnumerable<(string Name, SimFileData File)> Files(SimDisk disk, string folder, string suffix)
    {
        if (disk.Find(folder) is not SimFolder names) yield break;
        foreach ((string name, SimInode inode) in names.Names)
            if (inode is SimFileData file && LogFileNames.TryParse(name, suffix, out _)) yield return (name, file);
    }
}
