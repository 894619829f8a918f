using System.IO.MemoryMappedFiles;

namespace Moldau.Fuzz;

/// <summary>The input under way in a mapped file: what is in it outlives a process that dies of it.</summary>
internal sealed class LastInput : IDisposable
{
    private const int LengthBytes = 4;

    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public LastInput(string folder, string target, int maxBytes)
    {
        Directory.CreateDirectory(folder);
        _path = Path.Combine(folder, $"{target}-{Environment.ProcessId}.last");
        _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Create, null, LengthBytes + Math.Max(maxBytes, 1 << 20));
        _view = _file.CreateViewAccessor();
    }

    public void Set(byte[] input)
    {
        int length = (int)Math.Min(input.Length, _view.Capacity - LengthBytes);
        _view.Write(0, length);
        _view.WriteArray(LengthBytes, input, 0, length);
    }

    /// <summary>The campaign ended as it should.</summary>
    public void Forget()
    {
        Dispose();
        File.Delete(_path);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    /// <summary>The input in such a file, or the file itself where it is no such one.</summary>
    public static byte[] Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return path.EndsWith(".last", StringComparison.Ordinal) ? bytes[LengthBytes..(LengthBytes + BitConverter.ToInt32(bytes))] : bytes;
    }
}
