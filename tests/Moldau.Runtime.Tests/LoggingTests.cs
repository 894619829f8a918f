using Moldau.Base;

namespace Moldau.Runtime.Tests;

public sealed class LoggingTests
{
    [Fact]
    public void Line_IsLogfmt_AndStaysOneLine()
    {
        string line = LogfmtSink.Format(
            new DateTime(2026, 1, 2, 3, 4, 5, 67, DateTimeKind.Utc), "kafka.log", LogLevel.Warn, "a \"b\"\nc\\d\u0007");
        Assert.Equal(
            """ts=2026-01-02T03:04:05.067Z level=warn area=kafka.log msg="a \"b\"\nc\\d\u0007" """.TrimEnd(), line);
    }

    [Fact]
    public void Line_IsJson_WhereConfigured()
    {
        string line = JsonLogSink.Format(
            new DateTime(2026, 1, 2, 3, 4, 5, 67, DateTimeKind.Utc), "kafka.log", LogLevel.Warn, "a\tb\n");
        Assert.Equal(
            """{"ts":"2026-01-02T03:04:05.067Z","level":"warn","area":"kafka.log","msg":"a\tb\n"}""", line);
    }

    [Fact]
    public void Levels_FollowTheDotsOfTheNames_AndChangeAtRunTime()
    {
        MemoryLog log = new();
        LogAreas areas = new(log);
        LogArea area = areas.Get("kafka.server.KafkaApis");
        area.Debug($"hidden {1}");
        areas.SetLevel("kafka.server", LogLevel.Debug);
        area.Debug($"shown {2}");
        areas.SetLevel("kafka.server.KafkaApis", LogLevel.Error);
        area.Warn("hidden");
        areas.SetLevel("kafka.server.KafkaApis", null);
        area.Warn("shown");
        areas.SetLevel("kafka.server", null);
        areas.SetLevel(LogAreas.RootName, LogLevel.Off);
        area.Error("hidden");
        Assert.Equal(["Debug shown 2", "Warn shown"], log.Lines);
        Assert.Equal(
            [KeyValuePair.Create("root", LogLevel.Off), KeyValuePair.Create("kafka.server.KafkaApis", LogLevel.Off)],
            areas.Levels);
    }

    [Fact]
    public void DisabledMessage_IsNotFormatted()
    {
        LogArea area = new("kafka.log", new NullLogSink());
        bool wasFormatted = false;
        string Note()
        {
            wasFormatted = true;
            return "x";
        }

        area.Debug($"{Note()}");
        Assert.False(wasFormatted);
        area.Info($"{Note()}");
        Assert.True(wasFormatted);
    }
}
