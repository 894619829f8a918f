namespace Moldau.TestServers;

/// <summary>A folder of its own under the system's temporary folder, deleted at the end.</summary>
public sealed class ScratchFolder : IDisposable
{
    public ScratchFolder(string purpose) =>
        FullPath = Directory.CreateTempSubdirectory($"moldau-{purpose}-").FullName;

    public string FullPath { get; }

    public string this[string name] => Path.Combine(FullPath, name);

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("MOLDAU_TEST_KEEP") == "1") return;
        try
        {
            Directory.Delete(FullPath, recursive: true);
        }
        catch (IOException)
        {
            // A process that is still ending may recreate a file; the temporary folder is cleaned by the system.
        }
    }
}
