namespace Moldau.Base;

/// <summary>Levels of Kafka's loggers, least severe first.</summary>
public enum LogLevel : byte
{
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
    Off,
}
