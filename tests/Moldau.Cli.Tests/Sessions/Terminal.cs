using Moldau.TestServers;

namespace Moldau.Cli.Tests.Sessions;

/// <summary>A terminal that a test types into and reads from: a session of tmux on a server of its own.</summary>
internal sealed class Terminal : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string _server = $"moldau-{Guid.NewGuid():N}";

    /// <param name="folder">The current folder of its shells.</param>
    /// <param name="environment">Variables of its shells.</param>
    public Terminal(string folder, IReadOnlyDictionary<string, string> environment)
    {
        string[] variables = [.. environment.SelectMany(v => new[] { "-e", $"{v.Key}={v.Value}" })];
        Tmux(["new-session", "-d", "-s", "s", "-x", "200", "-y", "50", "-c", folder, .. variables, "env PS1='$ ' bash --norc --noprofile"]);
        Tmux(["new-window", "-d", "-t", "s:1", "-c", folder, .. variables, "env PS1='$ ' bash --norc --noprofile"]);
    }

    /// <summary>Types a line into a window and ends it.</summary>
    public void Type(int window, string line)
    {
        Tmux("send-keys", "-t", $"s:{window}", "-l", line);
        Tmux("send-keys", "-t", $"s:{window}", "Enter");
    }

    public void CtrlC(int window) => Tmux("send-keys", "-t", $"s:{window}", "C-c");

    /// <summary>What the window shows, with what scrolled away.</summary>
    public string Screen(int window) => Tmux("capture-pane", "-p", "-J", "-S", "-500", "-t", $"s:{window}");

    /// <summary>Waits until so many lines of the window hold the text, apart from lines that were typed.</summary>
    public void WaitFor(int window, string text, int times = 1)
    {
        try
        {
            Wait.Until(() => Count(window, text) >= times, Patience, $"'{text}' on the screen");
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message}\n{Screen(window)}", error);
        }
    }

    public bool Shows(int window, string text) => Count(window, text) > 0;

    private int Count(int window, string text) =>
        Screen(window).Split('\n').Count(l => l.Contains(text, StringComparison.Ordinal) && !l.StartsWith("$ ", StringComparison.Ordinal));

    public void Dispose() => ChildProcess.Run("tmux", ["-L", _server, "kill-server"]);

    private string Tmux(params string[] arguments) => ChildProcess.Run("tmux", ["-L", _server, "-f", "/dev/null", .. arguments]).Succeeded();
}
