using Moldau.Base;

namespace Moldau.Broker;

/// <summary>The node's log lines, one method each, under Kafka's logger names.</summary>
internal sealed class NodeLog(LogAreas areas)
{
    private readonly LogArea _server = areas.Server;
    private readonly LogArea _log = areas.Log;
    private readonly LogArea _groups = areas.Groups;

    public void CoordinatorFailed(string partition) =>
        _groups.Error($"the group coordinator of {partition} cannot read its log; its groups are unavailable");

    public void LogOpened(string partition, long start, long end) =>
        _log.Debug($"{partition} is open, offsets {start} to {end}");

    public void LogFailed(string partition, string reason) =>
        _log.Error($"{partition} is offline: {reason}; the log directory needs attention, then a restart");

    public void Elected(string partition, int epoch) => _server.Debug($"leader of {partition} in epoch {epoch}");

    public void Deleted(string partition) => _log.Info($"{partition} is deleted");

    public void Info(string text) => _server.Write(LogLevel.Info, text);

    public void Warn(string text) => _server.Write(LogLevel.Warn, text);
}
