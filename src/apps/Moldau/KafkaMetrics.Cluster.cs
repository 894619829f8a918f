using Moldau.Base;
using Moldau.Broker;
using Moldau.Coordination;
using Moldau.Metadata;
using Moldau.Runtime;

namespace Moldau;

/// <summary>Waiting requests, groups, disks, the controller and its quorum, the node itself.</summary>
internal sealed partial class KafkaMetrics
{
    private const string ProcessIo = "/proc/self/io";

    private void Waiting(MetricsText text, ShardGauges[] gauges)
    {
        const string Purgatory = "kafka_server_delayedoperationpurgatory_";
        int fetches = gauges.Sum(g => g.WaitingFetches);
        int produces = gauges.Sum(g => g.WaitingProduces);
        foreach (string name in (string[])["purgatorysize", "numdelayedoperations"])
        {
            text.Gauge(Purgatory + name, "Requests that wait for data or acknowledgements");
            text.Value(fetches, ("delayedOperation", "Fetch"));
            text.Value(produces, ("delayedOperation", "Produce"));
        }

        text.PerSecond("kafka_server_delayedfetchmetrics_expires", "Fetches answered because their time was over")
            .Value(_shards.Sum(s => s.FetchExpirations.Value), ("fetcherType", "consumer"));
        const string Sessions = "kafka_server_fetchsessioncache_";
        text.Gauge(Sessions + "numincrementalfetchsessions", "Fetch sessions")
            .Value(gauges.Sum(g => g.FetchSessions));
        text.Gauge(Sessions + "numincrementalfetchpartitionscached", "Partitions of fetch sessions")
            .Value(gauges.Sum(g => g.FetchSessionPartitions));
        text.PerSecond(Sessions + "incrementalfetchsessionevictions", "Fetch sessions that made room for others")
            .Value(gauges.Sum(g => g.FetchSessionEvictions));
    }

    private static void Groups(MetricsText text, ShardGauges[] gauges)
    {
        GroupCounts groups = gauges.Aggregate(default(GroupCounts), (sum, g) => sum + g.Groups);
        const string Manager = "kafka_coordinator_group_groupmetadatamanager_";
        text.Gauge(Manager + "numgroups", "Groups that this node coordinates").Value(groups.Groups);
        text.Gauge(Manager + "numgroupspreparingrebalance", "Groups whose members are to join again").Value(groups.PreparingRebalance);
        text.Gauge(Manager + "numgroupscompletingrebalance", "Groups that wait for their assignment").Value(groups.CompletingRebalance);
        text.Gauge(Manager + "numgroupsstable", "Groups at work").Value(groups.Stable);
        text.Gauge(Manager + "numgroupsempty", "Groups without members").Value(groups.Empty);
        text.Gauge(Manager + "numgroupsdead", "Groups that are being removed").Value(groups.Dead);
        text.Gauge(Manager + "numoffsets", "Committed offsets").Value(groups.Offsets);
        const string Metrics = "kafka_server_group_coordinator_metrics_";
        text.Gauge(Metrics + "group_count", "Groups by protocol").Value(groups.Groups, ("protocol", "classic"));
        text.Gauge(Metrics + "classic_group_count", "Classic groups by state");
        foreach ((string state, int count) in ((string, int)[])[("Empty", groups.Empty), ("PreparingRebalance", groups.PreparingRebalance),
            ("CompletingRebalance", groups.CompletingRebalance), ("Stable", groups.Stable), ("Dead", groups.Dead)])
            text.Value(count, ("state", state));
        text.Gauge(Metrics + "offset_count", "Committed offsets").Value(groups.Offsets);
        text.Gauge(Metrics + "num_partitions", "Partitions of the groups' topic by whether their groups are known");
        text.Value(gauges.Sum(g => g.LoadedCoordinators), ("state", "active"));
        text.Value(gauges.Sum(g => g.LoadingCoordinators), ("state", "loading"));
    }

    private void Logs(MetricsText text)
    {
        text.Family("kafka_log_logflushstats_logflushrateandtimems", "summary", "Milliseconds of a sync of log files");
        KeyValuePair<string, DiskCounters>[] all = [.. host.DataLanes.Counters, .. host.ControlLanes.Counters];
        Summary(text, [.. all.Select(d => d.Value.SyncTimes)], 1e-6, all.Sum(d => d.Value.SyncTimes.Count));
    }

    private static void Controller(MetricsText text, ControlMetrics metrics)
    {
        ControlGauges control = metrics.Gauges;
        const string Name = "kafka_controller_kafkacontroller_";
        long nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        long lagMs = control.LastAppliedTimestampMs < 0 ? 0 : Math.Max(0, nowMs - control.LastAppliedTimestampMs);
        text.Gauge(Name + "activecontrollercount", "1: this node is the controller").Value(control.IsActiveController ? 1 : 0);
        text.Gauge(Name + "globaltopiccount", "Topics of the cluster").Value(control.Topics);
        text.Gauge(Name + "globalpartitioncount", "Partitions of the cluster").Value(control.Partitions);
        text.Gauge(Name + "offlinepartitionscount", "Partitions without a leader").Value(control.OfflinePartitions);
        text.Gauge(Name + "preferredreplicaimbalancecount", "Partitions led by another than their first replica")
            .Value(control.PreferredReplicaImbalance);
        text.Gauge(Name + "activebrokercount", "Brokers that serve").Value(control.ActiveBrokers);
        text.Gauge(Name + "fencedbrokercount", "Brokers that are registered and do not serve")
            .Value(control.FencedBrokers);
        text.Gauge(Name + "lastappliedrecordoffset", "Offset of the newest metadata applied")
            .Value(control.LastAppliedOffset);
        text.Gauge(Name + "lastappliedrecordtimestamp", "Time of the newest metadata applied, in milliseconds since 1970")
            .Value(control.LastAppliedTimestampMs);
        text.Gauge(Name + "lastappliedrecordlagms", "Age of the newest metadata applied; 0 on the active controller")
            .Value(control.IsActiveController ? 0 : lagMs);
        text.Gauge(Name + "lastcommittedrecordoffset", "Offset of the newest metadata committed").Value(control.HighWatermark - 1);
        text.Gauge(Name + "newactivecontrollerscount", "Times that this node became the controller").Value(metrics.Activations.Value);
        text.Gauge(Name + "eventqueueoperationsstartedcount", "Operations of the controller").Value(metrics.Operations.Value);
        text.PerSecond("kafka_controller_controllerstats_uncleanleaderelections", "Leaders elected from outside the in-sync replicas")
            .Value(metrics.UncleanElections.Value);
        text.Gauge("kafka_log_logmanager_offlinelogdirectorycount", "Log directories that failed")
            .Value(control.OfflineLogDirectories);
        Quorum(text, metrics);
        const string Loader = "kafka_server_metadataloader_";
        text.Gauge(Loader + "currentcontrollerid", "Node that is the controller, -1 for none").Value(control.LeaderId);
        text.Gauge(Loader + "currentmetadataversion", "Level of metadata.version")
            .Value(control.Features.GetValueOrDefault(MetadataVersion.FeatureName));
        text.Gauge(Loader + "finalizedlevel", "Finalized level of a feature");
        foreach ((string feature, short level) in control.Features) text.Value(level, ("featureName", feature));
        const string Broker = "kafka_server_broker_metadata_metrics_";
        text.Gauge(Broker + "last_applied_record_offset", "Offset of the newest metadata applied").Value(control.LastAppliedOffset);
        text.Gauge(Broker + "last_applied_record_timestamp", "Its time, in milliseconds since 1970").Value(control.LastAppliedTimestampMs);
        text.Gauge(Broker + "last_applied_record_lag_ms", "Its age").Value(lagMs);
    }

    private static void Quorum(MetricsText text, ControlMetrics metrics)
    {
        ControlGauges control = metrics.Gauges;
        const string Raft = "kafka_server_raftmetrics_";
        text.Gauge(Raft + "current_leader", "Node that leads the quorum, -1 for none").Value(control.LeaderId);
        text.Gauge(Raft + "current_epoch", "Epoch of the quorum").Value(control.Epoch);
        text.Gauge(Raft + "current_vote", "Node that this one voted for in the epoch, -1 for none").Value(control.VotedFor);
        text.Gauge(Raft + "current_state", "1 with the state that the node is in").Value(1, ("state", control.State));
        text.Gauge(Raft + "high_watermark", "Committed end of the metadata log").Value(control.HighWatermark);
        text.Gauge(Raft + "log_end_offset", "End of the metadata log").Value(control.LogEndOffset);
        text.Gauge(Raft + "log_end_epoch", "Epoch of the newest metadata").Value(control.LastAppliedEpoch);
        text.Gauge(Raft + "number_of_voters", "Voters of the quorum").Value(control.Voters);
        text.Gauge(Raft + "number_of_observers", "Nodes that follow the quorum without a vote").Value(0);
        text.Gauge(Raft + "append_records_rate", "Records appended to the metadata log a second").Value(control.AppendRate);
        MetricHistogram latency = metrics.CommitLatencyNs;
        text.Gauge(Raft + "commit_latency_avg", "Milliseconds from appending to committing, of all so far")
            .Value(latency.Count == 0 ? 0 : latency.Sum * 1e-6 / latency.Count);
        text.Gauge(Raft + "commit_latency_max", "The same at most, of late").Value(latency.Max * 1e-6);
    }

    private static void Node(MetricsText text)
    {
        const string Supported = "kafka_server_node_metrics_";
        text.Gauge(Supported + "maximum_supported_level", "Highest level of a feature that this node can do");
        foreach (SupportedFeature feature in SupportedFeatures.All) text.Value(feature.Max, ("feature_name", feature.Name));
        text.Gauge(Supported + "minimum_supported_level", "Lowest level of a feature that this node can do");
        foreach (SupportedFeature feature in SupportedFeatures.All) text.Value(feature.Min, ("feature_name", feature.Name));
        text.Gauge("kafka_server_app_info_version", "1 with the version of this program").Value(1, ("version", Program.Version));
        if (!File.Exists(ProcessIo)) return;
        foreach (string line in File.ReadLines(ProcessIo))
        {
            int colon = line.IndexOf(':');
            if (colon < 0 || !long.TryParse(line.AsSpan(colon + 1), out long value)) continue;
            text.Gauge($"kafka_server_kafkaserver_linux_disk_{line[..colon]}", "What the kernel counts of the process in /proc/self/io").Value(value);
        }
    }
}
