using System.Globalization;
using System.Security.Cryptography;
using Moldau.TestServers;

namespace Moldau.System.Tests;

/// <summary>A file of real text of a given size, built from the text files that this machine has.</summary>
public sealed class RealText : IDisposable
{
    public const int ChunkBytes = 8192;
    private readonly ScratchFolder _scratch = new("text-source");

    public RealText()
    {
        var megabytes = int.Parse(
            Environment.GetEnvironmentVariable("MOLDAU_TEST_TEXT_MB") ?? "64", CultureInfo.InvariantCulture);
        File = _scratch["text"];
        Build(megabytes * 1024L * 1024L);
        Chunks = (int)((new FileInfo(File).Length + ChunkBytes - 1) / ChunkBytes);
        using var file = global::System.IO.File.OpenRead(File);
        Sha256 = Convert.ToHexString(SHA256.HashData(file));
    }

    public string File { get; }

    public int Chunks { get; }

    public string Sha256 { get; }

    public void Dispose() => _scratch.Dispose();

    /// <summary>Fills the file from sources in a fixed order, from the start again when they do not suffice.</summary>
    private void Build(long size)
    {
        using var output = global::System.IO.File.Create(File);
        while (output.Length < size)
        {
            var before = output.Length;
            foreach (var source in Sources())
            {
                if (output.Length >= size) break;
                AppendText(output, source);
            }

            if (output.Length == before) throw new InvalidOperationException("this machine has no text files to read");
        }

        output.SetLength(size);
    }

    private static IEnumerable<string> Sources()
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
        };
        return new[] { Repository.Root, "/usr/share", "/usr/lib/python3", "/usr/include" }
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", options))
            .Where(file => !file.Contains("/.git/", StringComparison.Ordinal)
                && !file.Contains("/bin/", StringComparison.Ordinal)
                && !file.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
    }

    /// <summary>Appends a file unless it is empty, large or binary (has a NUL in its first part).</summary>
    private static void AppendText(FileStream output, string source)
    {
        try
        {
            var length = new FileInfo(source).Length;
            if (length is 0 or > 4_000_000) return;
            var bytes = global::System.IO.File.ReadAllBytes(source);
            if (bytes.AsSpan(0, Math.Min(bytes.Length, 4096)).IndexOf((byte)0) < 0) output.Write(bytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be read is no source.
        }
    }
}
