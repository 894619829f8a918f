using Moldau.Client;

namespace Moldau.Cli;

/// <summary>Counts what became of the parts of a command, tells of each that failed, and knows the exit code.</summary>
internal sealed class Tally
{
    private int _done;
    private int _firstFailure;

    public void Succeed() => _done++;

    public void Fail(ClientError error) => Fail(ErrorText.Of(error), ErrorText.ExitCode(error.Code));

    public void Fail(string text, int exitCode)
    {
        if (_firstFailure == 0) _firstFailure = exitCode;
        CommandLine.Complain(text);
    }

    /// <summary>True where the part succeeded.</summary>
    public bool Take(ClientError? error)
    {
        if (error is null) Succeed();
        else Fail(error);
        return error is null;
    }

    public int ExitCode => _firstFailure == 0 ? ExitCodes.Ok : _done > 0 ? ExitCodes.PartlyDone : _firstFailure;
}
