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

    public static ChildProcess Start(string program, IEnumerable<string> arguments) =>
        ChildProcess.Start(Launcher, [program, .. arguments], Environment());

    private static Dictionary<string, string> Environment() => new()
    {
        ["HEAP"] = "256m",
        // Short programs start faster without the optimizing compiler.
        ["JVM_OPTS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UseG1GC -Xshare:auto",
    };
}
