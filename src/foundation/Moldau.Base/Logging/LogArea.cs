using System.Runtime.CompilerServices;

namespace Moldau.Base;

/// <summary>One named source of log lines, named as Kafka's loggers are (kafka.server, kafka.log, kafka.controller).
/// The level may be changed from another thread at any time; a line that races with the change may go either
/// way.</summary>
public sealed class LogArea(string name, ILogSink sink, LogLevel level = LogLevel.Info)
{
    public string Name { get; } = name;

    public LogLevel Level { get; set; } = level;

    public bool IsEnabled(LogLevel level) => level >= Level;

    public void Write(LogLevel level, string message)
    {
        if (IsEnabled(level)) sink.Write(Name, level, message);
    }

    public void Debug([InterpolatedStringHandlerArgument("")] DebugMessage message) =>
        Emit(LogLevel.Debug, message.Text);

    public void Info([InterpolatedStringHandlerArgument("")] InfoMessage message) =>
        Emit(LogLevel.Info, message.Text);

    public void Warn(string message) => Write(LogLevel.Warn, message);

    public void Error(string message) => Write(LogLevel.Error, message);

    private void Emit(LogLevel level, string? text)
    {
        if (text is not null) sink.Write(Name, level, text);
    }

    /// <summary>Formats nothing unless the area logs at Debug.</summary>
    [InterpolatedStringHandler]
    public ref struct DebugMessage
    {
        private DefaultInterpolatedStringHandler _inner;
        private readonly bool _enabled;

        public DebugMessage(int literal, int holes, LogArea area, out bool enabled)
        {
            enabled = _enabled = area.IsEnabled(LogLevel.Debug);
            if (enabled) _inner = new(literal, holes);
        }

        internal string? Text => _enabled ? _inner.ToStringAndClear() : null;

        public void AppendLiteral(string value) => _inner.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

        public void AppendFormatted(ReadOnlySpan<char> value) => _inner.AppendFormatted(value);
    }

    /// <summary>Formats nothing unless the area logs at Info.</summary>
    [InterpolatedStringHandler]
    public ref struct InfoMessage
    {
        private DefaultInterpolatedStringHandler _inner;
        private readonly bool _enabled;

        public InfoMessage(int literal, int holes, LogArea area, out bool enabled)
        {
            enabled = _enabled = area.IsEnabled(LogLevel.Info);
            if (enabled) _inner = new(literal, holes);
        }

        internal string? Text => _enabled ? _inner.ToStringAndClear() : null;

        public void AppendLiteral(string value) => _inner.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

        public void AppendFormatted(ReadOnlySpan<char> value) => _inner.AppendFormatted(value);
    }
}
