using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Sim;
using Moldau.Storage;

namespace Moldau.Fuzz;

/// <summary>A folder with its files as one byte string: for each file the number of its path among known ones, its length, and its
/// bytes.</summary>
internal sealed class FolderInput(IReadOnlyList<string> paths, Action<string, byte[]> repair)
{
    private const int HeadBytes = 4;

    public byte[] Encode(IEnumerable<(string Path, byte[] Bytes)> files)
    {
        List<byte> input = [];
        foreach ((string path, byte[] bytes) in files)
        {
            input.Add((byte)Math.Max(0, paths.ToList().IndexOf(path)));
            input.AddRange([(byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length]);
            input.AddRange(bytes);
        }

        return [.. input];
    }

    public List<(string Path, byte[] Bytes)> Decode(ReadOnlySpan<byte> input)
    {
        List<(string, byte[])> files = [];
        while (input.Length >= HeadBytes)
        {
            int length = Math.Min(BinaryPrimitives.ReadInt32BigEndian(input) & 0xFFFFFF, input.Length - HeadBytes);
            files.Add((paths[input[0] % paths.Count], input.Slice(HeadBytes, length).ToArray()));
            input = input[(HeadBytes + length)..];
        }

        return files;
    }

    /// <summary>Changes one or two files: their bytes mostly, or which file they are; drops one, or doubles one under another
    /// name.</summary>
    public byte[] Mutate(ReadOnlySpan<byte> input, ReadOnlySpan<byte> other, Mutator mutator, int maxBytes)
    {
        List<(string Path, byte[] Bytes)> files = Decode(input);
        List<(string Path, byte[] Bytes)> others = Decode(other);
        if (files.Count == 0) return other.ToArray();
        for (int changes = 1 + mutator.Prng.Next(3); changes > 0 && files.Count > 0; changes--)
        {
            int index = mutator.Prng.Next(files.Count);
            (string path, byte[] bytes) = files[index];
            switch (mutator.Prng.Next(10))
            {
                case 0:
                    files[index] = (paths[mutator.Prng.Next(paths.Count)], bytes);
                    break;
                case 1:
                    files.RemoveAt(index);
                    break;
                case 2:
                    files.Add((paths[mutator.Prng.Next(paths.Count)], bytes));
                    break;
                case 3 when others.Count > 0:
                    files[index] = others[mutator.Prng.Next(others.Count)];
                    break;
                default:
                    byte[] changed = mutator.Mutate(bytes, others.Find(o => o.Path == path).Bytes ?? [], maxBytes);
                    if (mutator.Prng.Next(5) > 0) repair(path, changed);
                    files[index] = (path, changed);
                    break;
            }
        }

        byte[] result = Encode(files);
        return result.Length <= maxBytes ? result : input.ToArray();
    }

    /// <summary>Puts the files on a disk.</summary>
    public static void Write(IDisk disk, IEnumerable<(string Path, byte[] Bytes)> files)
    {
        foreach ((string path, byte[] bytes) in files)
        {
            disk.CreateDirectory(LogFileNames.ParentOf(path));
            DiskFiles.WriteDurably(disk, path, bytes);
        }
    }

    /// <summary>All files below a folder.</summary>
    public static IEnumerable<(string Path, byte[] Bytes)> Read(IDisk disk, string folder)
    {
        foreach (string name in disk.List(folder))
        {
            string path = LogFileNames.Join(folder, name);
            if (disk.FileExists(path)) yield return (path, DiskFiles.ReadWhole(disk, path)!); // it is there
            else if (disk.DirectoryExists(path))
                foreach ((string, byte[]) file in Read(disk, path)) yield return file;
        }
    }

    public static IDisk NewDisk() => new SimDisk(new SimClock(), new Prng(1)).OpenSession();
}
