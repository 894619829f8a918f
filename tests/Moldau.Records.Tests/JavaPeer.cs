using System.Diagnostics;

namespace Moldau.Records.Tests;

/// <summary>Apache Kafka's own classes, where they and a Java compiler are on the machine.</summary>
internal static class JavaPeer
{
    /// <summary>Runs a program of the Golden folder with lines on its standard input; the lines that it
    /// prints.</summary>
    public static List<string> Run(string source, string argument, IEnumerable<string> input)
    {
        string jars = FindJars()
            ?? throw Skipped("Apache Kafka 4.4.0 is not here (../shared/peers/kafka or KAFKA_HOME)");
        ProcessStartInfo start = new("java")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string part in (string[])["-Xmx512m", "-cp", jars, source, argument]) start.ArgumentList.Add(part);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw Skipped("there is no java (openjdk-17-jdk-headless)");
        }

        using (process)
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Write(process, input);
            process.WaitForExit();
            string text = errors.GetAwaiter().GetResult();
            if (text.Contains("jdk.compiler", StringComparison.Ordinal))
                throw Skipped("java has no compiler (openjdk-17-jdk-headless)");
            Assert.True(process.ExitCode == 0, text);
            return [.. output.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        }
    }

    private static void Write(Process process, IEnumerable<string> input)
    {
        try
        {
            foreach (string line in input) process.StandardInput.WriteLine(line);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended early: its exit code and its errors say why.
        }
    }

    private static string? FindJars()
    {
        string? home = Environment.GetEnvironmentVariable("KAFKA_HOME");
        if (home is not null && Directory.Exists(Path.Combine(home, "libs"))) return Path.Combine(home, "libs", "*");
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string jars = Path.Combine(folder.FullName, "shared", "peers", "kafka");
            if (Directory.Exists(Path.Combine(jars, "4.4.0")))
                return $"{jars}/4.4.0/*:{jars}/common/*";
        }

        return null;
    }

    private static Exception Skipped(string reason)
    {
        Assert.Skip(reason);
        return new InvalidOperationException(reason);
    }
}
