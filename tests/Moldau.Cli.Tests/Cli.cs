using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Moldau.TestServers;

namespace Moldau.Cli.Tests;

/// <summary>The executable as its users run it.</summary>
internal static partial class Cli
{
    public const int Interrupt = 2;

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

    /// <summary>Ports that nothing listened on just now.</summary>
    public static int[] FreePorts(int count)
    {
        List<TcpListener> listeners = [];
        try
        {
            for (int i = 0; i < count; i++)
            {
                TcpListener listener = new(IPAddress.Loopback, 0);
                listener.Start();
                listeners.Add(listener);
            }

            return [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (TcpListener listener in listeners) listener.Dispose();
        }
    }

    /// <summary>A port whose follower is free as well, as <c>dev --port</c> wants it.</summary>
    public static int FreePair()
    {
        for (int attempt = 0; attempt < 50; attempt++)
        {
            int port = FreePorts(1)[0];
            if (port < 65_000 && IsFree(port + 1)) return port;
        }

        throw new InvalidOperationException("no two ports in a row are free");
    }

    /// <summary>One line on standard error that says why, nothing that looks like a stack trace, and the exit code.</summary>
    public static void AssertRefused(ProgramResult result, int exitCode, string text)
    {
        Assert.True(result.ExitCode == exitCode, result.ToString());
        string line = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("moldau: ", line);
        Assert.Contains(text, line);
    }

    public static void Signal(ChildProcess process, int signal) => Assert.Equal(0, SendSignal(process.Id, signal));

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener probe = new(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void NeedExecutable()
    {
        if (MoldauServer.WhyMissing is { } why) Assert.Skip(why);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
