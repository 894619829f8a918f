namespace Moldau.Cli;

/// <summary>How a command ended.</summary>
public static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int Denied = 4;

    /// <summary>No broker can be reached, or the answer took too long.</summary>
    public const int Unreachable = 5;

    /// <summary>Some of what was asked for was done, some was not.</summary>
    public const int PartlyDone = 6;

    public const int CheckFailed = 7;

    /// <summary>Ctrl+C, as shells say it: 128 and the signal.</summary>
    public const int Interrupted = 130;
}

/// <summary>A command cannot go on: one line for the user.</summary>
public sealed class CommandException(string message, int exitCode = ExitCodes.Failed) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
