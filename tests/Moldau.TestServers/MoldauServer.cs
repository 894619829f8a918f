namespace Moldau.TestServers;

/// <summary>This repository's node: the built executable as a process.</summary>
public sealed class MoldauServer(ServerOptions options) : ServerUnderTest(options)
{
    public override string Name => "Moldau";

    public static string Executable { get; } =
        Environment.GetEnvironmentVariable("MOLDAU_EXECUTABLE") is { Length: > 0 } path
            ? path
            : Path.Combine(
                Repository.Root, "src", "apps", "Moldau", "bin", Repository.Configuration, "net10.0", "moldau");

    /// <summary>Why the node cannot be started, or null when it can.</summary>
    public static string? WhyMissing { get; } =
        File.Exists(Executable)
            ? null
            : $"the node is not built: no {Path.GetRelativePath(Repository.Root, Executable)}";

    protected override void Format() =>
        ChildProcess.Run(
            Executable, ["storage", "format", "--standalone", "-t", RandomId(), "-c", PropertiesFile]).Succeeded();

    protected override ChildProcess Launch() => ChildProcess.Start(Executable, ["start", PropertiesFile], Options.Environment);
}
