using System.IO.Compression;

namespace Moldau.TestServers;

/// <summary>Apache Kafka's own command line programs.</summary>
public static class KafkaTools
{
    public static string Launcher =>
        Path.Combine(Repository.KafkaHome ?? throw new InvalidOperationException("no Apache Kafka"), "bin", "kafka");

    /// <summary>Runs a program by the name of its script without "kafka-" and ".sh".</summary>
    public static ProgramResult Run(
        string program, IEnumerable<string> arguments, string version = "4.3.1", string? input = null,
        TimeSpan? timeout = null) =>
        ChildProcess.Run(
            Launcher, ["-V", version, program, .. arguments], timeout, input, Environment());

    /// <summary>Runs a program of 4.3.1 over the libraries of 4.4.0, whose own tools are not here: it knows the features, and
    /// the texts of errors, that 4.4.0 knows.</summary>
    public static ProgramResult RunOverNewest(string program, IEnumerable<string> arguments, TimeSpan? timeout = null)
    {
        string home = Repository.KafkaHome ?? throw new InvalidOperationException("no Apache Kafka");
        using ScratchFolder classes = new("classes");
        // Two classes of the client have moved since; nothing else in its old jar may be found.
        using (ZipArchive old = ZipFile.OpenRead(Path.Combine(home, "4.3.1", "kafka-clients-4.3.1.jar")))
        {
            foreach (ZipArchiveEntry entry in old.Entries.Where(e =>
                e.FullName.StartsWith("org/apache/kafka/common/utils/Exit", StringComparison.Ordinal)
                || e.FullName.StartsWith("org/apache/kafka/common/utils/KafkaThread", StringComparison.Ordinal)))
            {
                string file = classes[entry.FullName];
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                entry.ExtractToFile(file);
            }
        }

        Dictionary<string, string> environment = new(Environment())
        {
            ["KAFKA_CLASSPATH"] = $"{classes.FullPath}:{Path.Combine(home, "4.3.1", "kafka-tools-4.3.1.jar")}",
        };
        return ChildProcess.Run(Launcher, ["-V", "4.4.0", program, .. arguments], timeout, null, environment);
    }

    public static ChildProcess Start(string program, IEnumerable<string> arguments) =>
        ChildProcess.Start(Launcher, [program, .. arguments], Environment());

    private static Dictionary<string, string> Environment() => new()
    {
        ["HEAP"] = "256m",
        // Short programs start faster without the optimizing compiler.
        ["JVM_OPTS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UseG1GC -Xshare:auto",
    };
}
