using Moldau.Cli.Output;

namespace Moldau.Cli.Verbs;

/// <summary>The lines of <c>moldau doctor</c>.</summary>
internal sealed class DoctorReport(Column[] columns)
{
    public CommandResult Result { get; } = new(columns);

    public bool HasFailed { get; private set; }

    public void Ok(string check, string found) => Result.Add(check, "ok", found, null);

    public void Warn(string check, string found, string advice) => Result.Add(check, "warn", found, advice);

    public void Fail(string check, string found, string advice)
    {
        HasFailed = true;
        Result.Add(check, "fail", found, advice);
    }

    public void Add(bool isOk, string check, string found, string advice)
    {
        if (isOk) Ok(check, found);
        else Fail(check, found, advice);
    }
}
