using System.Diagnostics;

namespace Moldau.Cli.Verbs;

/// <summary>The editor of VISUAL or EDITOR.</summary>
internal static class Editor
{
    /// <summary>What the text has become when the editor is closed.</summary>
    /// <exception cref="CommandException">The editor does not start, or ends with an error.</exception>
    public static async Task<string> EditAsync(string text, CancellationToken cancel)
    {
        string path = Path.Combine(Path.GetTempPath(), $"moldau-{Path.GetRandomFileName()}.properties");
        try
        {
            await File.WriteAllTextAsync(path, text, cancel).ConfigureAwait(false);
            string editor = Variable("VISUAL") ?? Variable("EDITOR") ?? (OperatingSystem.IsWindows() ? "notepad" : "vi");
            // The variable may hold options too, so a shell splits it.
            ProcessStartInfo start = OperatingSystem.IsWindows()
                ? new(editor, [path])
                : new("/bin/sh", ["-c", editor + " \"$1\"", "sh", path]);
            using Process process = Process.Start(start) ?? throw new CommandException($"the editor '{editor}' does not start");
            await process.WaitForExitAsync(cancel).ConfigureAwait(false);
            if (process.ExitCode != 0)
                throw new CommandException($"the editor '{editor}' ended with code {process.ExitCode}; nothing was changed");
            return await File.ReadAllTextAsync(path, cancel).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
