using System.Diagnostics;
using System.Text;

namespace Moldau.TestServers;

/// <summary>What a finished program left behind.</summary>
public sealed record ProgramResult(string Command, int ExitCode, string Output, string Error)
{
    /// <summary>Returns the standard output, or throws with everything the program said.</summary>
    public string Succeeded() => ExitCode == 0 ? Output : throw new InvalidOperationException(ToString());

    public override string ToString() =>
        $"{Command}\nexit code {ExitCode}\n--- output\n{Tail(Output)}\n--- error\n{Tail(Error)}";

    private static string Tail(string text) => text.Length <= 6000 ? text : "…" + text[^6000..];
}

/// <summary>A program started by a test: its output is collected, and it is ended with the test.</summary>
public sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly string _command;

    private ChildProcess(Process process, string command)
    {
        _process = process;
        _command = command;
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public Stream StandardInput => _process.StandardInput.BaseStream;

    public string Output { get { lock (_output) return _output.ToString(); } }

    public string Error { get { lock (_error) return _error.ToString(); } }

    public static ChildProcess Start(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null,
        string? workingFolder = null)
    {
        var start = new ProcessStartInfo(file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = workingFolder ?? Path.GetTempPath(),
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        // The node reads variables with this prefix as properties; the tests' own are not meant for it.
        var own = start.Environment.Keys.Where(name => name.StartsWith("MOLDAU_", StringComparison.Ordinal)).ToList();
        foreach (var name in own) start.Environment.Remove(name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        var child = new ChildProcess(process, string.Join(' ', start.ArgumentList.Prepend(Path.GetFileName(file))));
        process.OutputDataReceived += (_, line) => child.Collect(child._output, line.Data);
        process.ErrorDataReceived += (_, line) => child.Collect(child._error, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end; one that takes longer than allowed is killed and reported as such.</summary>
    public static ProgramResult Run(
        string file, IEnumerable<string> arguments, TimeSpan? timeout = null, string? input = null,
        IReadOnlyDictionary<string, string>? environment = null, string? workingFolder = null)
    {
        using var child = Start(file, arguments, environment, workingFolder);
        if (input is not null) child.StandardInput.Write(Encoding.UTF8.GetBytes(input));
        child.CloseInput();
        return child.WaitForEnd(timeout ?? TimeSpan.FromSeconds(90));
    }

    public void CloseInput()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended before it had read everything; its exit code tells the rest.
        }
    }

    public ProgramResult WaitForEnd(TimeSpan timeout)
    {
        if (!_process.WaitForExit(timeout))
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            throw new TimeoutException(
                $"not finished after {timeout.TotalSeconds} s: " + new ProgramResult(_command, -1, Output, Error));
        }

        _process.WaitForExit();
        return new ProgramResult(_command, _process.ExitCode, Output, Error);
    }

    /// <summary>Waits until the program has printed the text on either stream.</summary>
    public void WaitForText(string text, TimeSpan timeout) =>
        Wait.Until(
            () =>
            {
                // Asked first: what an ended process printed is all there once its end was waited for.
                var hasEnded = HasExited;
                if (hasEnded) WaitForEnd(timeout);
                if (Output.Contains(text, StringComparison.Ordinal) || Error.Contains(text, StringComparison.Ordinal))
                    return true;
                return hasEnded ? throw new InvalidOperationException(WaitForEnd(timeout).ToString()) : false;
            },
            timeout, $"'{text}' in the output of {_command}");

    public void Terminate() => PosixSignal.Send(_process.Id, PosixSignal.Terminate);

    public void Kill() => PosixSignal.Send(_process.Id, PosixSignal.Kill);

    /// <summary>Stops the process where it stands (SIGSTOP) until <see cref="Resume"/>.</summary>
    public void Pause() => PosixSignal.Send(_process.Id, PosixSignal.Stop);

    public void Resume() => PosixSignal.Send(_process.Id, PosixSignal.Continue);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Collect(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (text) text.Append(line).Append('\n');
    }
}
