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
    public static ProgramResult RunOverNewest(string program, IEnumerable<string> arguments, TimeSpan? timeout = null) =>
        RunOverNewest([program, .. arguments], ["kafka-tools-4.3.1.jar"], input: null, timeout);

    /// <summary>The metadata shell in the same way, with the commands of its session as input.</summary>
    public static ProgramResult RunShellOverNewest(IEnumerable<string> arguments, string? input = null, TimeSpan? timeout = null) =>
        RunOverNewest(
            ["java", "org.apache.kafka.shell.MetadataShell", .. arguments], ["kafka-shell-4.3.1.jar", "jline-3.30.4.jar"], input, timeout);

    private static ProgramResult RunOverNewest(string[] words, string[] jars, string? input, TimeSpan? timeout)
    {
        string home = Repository.KafkaHome ?? throw new InvalidOperationException("no Apache Kafka");
        using ScratchFolder classes = new("classes");
        // These classes have moved since; nothing else in their old jars may be found.
        const string Utils = "org/apache/kafka/common/utils/";
        string[] moved = [Utils + "Exit", Utils + "KafkaThread", Utils + "AppInfoParser", "kafka/tools/TerseFailure"];
        foreach (string jar in (ReadOnlySpan<string>)["kafka-clients-4.3.1.jar", "kafka_2.13-4.3.1.jar"])
        {
            using ZipArchive old = ZipFile.OpenRead(Path.Combine(home, "4.3.1", jar));
            foreach (ZipArchiveEntry entry in old.Entries.Where(e => moved.Any(m => e.FullName.StartsWith(m, StringComparison.Ordinal))))
            {
                string file = classes[entry.FullName];
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                entry.ExtractToFile(file);
            }
        }

        Dictionary<string, string> environment = new(Environment())
        {
            ["KAFKA_CLASSPATH"] = string.Join(':', jars.Select(j => Path.Combine(home, "4.3.1", j)).Prepend(classes.FullPath)),
        };
        return ChildProcess.Run(Launcher, ["-V", "4.4.0", .. words], timeout, input, environment);
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
