namespace Moldau.Base;

/// <summary>Where log lines go. Called from any thread; must not throw.</summary>
public interface ILogSink
{
    void Write(string area, LogLevel level, string message);
}

/// <summary>Drops every line.</summary>
public sealed class NullLogSink : ILogSink
{
    public void Write(string area, LogLevel level, string message)
    {
    }
}
