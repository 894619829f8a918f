using System.Collections.Concurrent;

namespace Moldau.TestServers;

/// <summary>Small Java programs of the tests, compiled once a run against Apache Kafka's jars.</summary>
public static class JavaPrograms
{
    private static readonly ConcurrentDictionary<string, Lazy<string>> _classes = new();

    /// <summary>Why Java programs cannot be compiled or run here, or null.</summary>
    public static string? WhyMissing => ApacheServer.WhyMissing ?? TestTools.WhyMissing("java");

    /// <summary>
    /// The command line (after <c>java</c>) that runs the class of a source file with the 4.4.0 client.
    /// </summary>
    public static IReadOnlyList<string> CommandLine(string sourceFile, string heap = "256m") =>
    [
        $"-Xmx{heap}", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
        "-cp", $"{Compile(sourceFile)}:{ClassPath}:{Path.Combine(Repository.KafkaHome!, "bin")}",
        Path.GetFileNameWithoutExtension(sourceFile),
    ];

    private static string ClassPath => $"{Repository.KafkaHome}/4.4.0/*:{Repository.KafkaHome}/common/*";

    private static string Compile(string sourceFile) =>
        _classes.GetOrAdd(sourceFile, file => new Lazy<string>(() =>
        {
            var folder = Path.Combine(AppContext.BaseDirectory, "java-classes", Path.GetFileNameWithoutExtension(file));
            Directory.CreateDirectory(folder);
            ChildProcess.Run("javac", ["-cp", ClassPath, "-d", folder, file]).Succeeded();
            return folder;
        })).Value;
}
