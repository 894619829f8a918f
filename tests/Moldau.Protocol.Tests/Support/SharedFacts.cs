namespace Moldau.Protocol.Tests;

/// <summary>Facts read out of Apache Kafka's released packages, where a folder <c>shared</c> lies beside the
/// repository.</summary>
internal static class SharedFacts
{
    public static string ProtocolFolder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, "shared", "protocol");
            if (Directory.Exists(path)) return path;
        }

        Assert.Skip("there is no folder shared/protocol beside the repository, with facts of Apache Kafka");
        return "";
    }
}
