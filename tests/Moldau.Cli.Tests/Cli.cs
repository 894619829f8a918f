using System.Runtime.InteropServices;
using Moldau.TestServers;

namespace Moldau.Cli.Tests;

/// <summary>The executable as its users run it.</summary>
internal static partial class Cli
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    // What the tests' own environment says must not reach the node.
    private static readonly Dictionary<string, string> Plain = new() { ["KAFKA_HOME"] = "/nowhere" };

    public static ProgramResult Run(params string[] arguments) => RunWith(Plain, arguments);

    public static ProgramResult RunWith(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        NeedExecutable();
        return ChildProcess.Run(MoldauServer.Executable, arguments, Patience, environment: environment);
    }

    public static ChildProcess Start(params string[] arguments) => StartWith(Plain, arguments);

    public static ChildProcess StartWith(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        NeedExecutable();
        return ChildProcess.Start(MoldauServer.Executable, arguments, environment);
    }

    public static void WaitUntilStarted(this ChildProcess node) => node.WaitForText("Kafka Server started", Patience);

    /// <summary>One line on standard error that says why, nothing that looks like a stack trace, and the exit code.</summary>
    public static void AssertRefused(ProgramResult result, int exitCode, string text)
    {
        Assert.True(result.ExitCode == exitCode, result.ToString());
        string line = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("moldau: ", line);
        Assert.Contains(text, line);
    }

    public static void Signal(ChildProcess process, int signal) => Signal(process.Id, signal);

    public static void Signal(int processId, int signal) => Assert.Equal(0, SendSignal(processId, signal));

    private static void NeedExecutable()
    {
        if (MoldauServer.WhyMissing is { } why) Assert.Skip(why);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
