using Moldau.TestServers;

namespace Moldau.System.Tests;

/// <summary>The small client programs of these tests.</summary>
internal static class Programs
{
    public static ChildProcess Python(string program, params string[] arguments) =>
        ChildProcess.Start(TestTools.Python, [PathOf(program), .. arguments]);

    public static ChildProcess Java(string program, params string[] arguments) =>
        ChildProcess.Start("java", [.. JavaPrograms.CommandLine(PathOf(program)), .. arguments]);

    private static string PathOf(string program) => Path.Combine(AppContext.BaseDirectory, "programs", program);
}
