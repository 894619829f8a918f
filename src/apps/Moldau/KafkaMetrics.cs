using Moldau.Base;
using Moldau.Broker;
using Moldau.Protocol;
using Moldau.Runtime;

namespace Moldau;

/// <summary>The node's numbers under the names of Kafka's MBeans, spelled as jmx_exporter's usual rules do: lower case, the
/// rate's count as <c>_total</c>.</summary>
internal sealed class KafkaMetrics(IReadOnlyList<NodeMachine> machines, NodeHost host)
{
    private const int BrokerStarting = 1;
    private const int BrokerRunning = 3;

    private readonly ShardMetrics[] _shards =
        [.. machines.Select(m => NodeMachines.MetricsOf(m.Machine)).Where(m => m is not null).Select(m => m!)];
    private readonly ControlMetrics? _control =
        machines.Select(m => NodeMachines.ControlMetricsOf(m.Machine)).FirstOrDefault(m => m is not null);
    private readonly RequestMetrics[] _requests =
    [
        .. machines.Select(m => NodeMachines.MetricsOf(m.Machine) ?? (RequestMetrics?)NodeMachines.ControlMetricsOf(m.Machine))
            .OfType<RequestMetrics>(),
    ];

    public void Render(MetricsText text)
    {
        ShardGauges[] gauges = [.. _shards.Select(s => s.Gauges)];
        Topics(text, gauges);
        Replicas(text, gauges);
        Partitions(text, gauges);
        Requests(text);
        Waiting(text, gauges);
        Sockets(text);
        if (_control is not null) Controller(text, _control.Gauges);
        text.Gauge("kafka_server_kafkaserver_brokerstate", "1 while the node starts, 3 when it serves")
            .Value(host.Ready.IsCompletedSuccessfully ? BrokerRunning : BrokerStarting);
    }

    private void Topics(MetricsText text, ShardGauges[] gauges)
    {
        SortedDictionary<string, List<TopicCounts>> topics = new(StringComparer.Ordinal);
        foreach (TopicCounts counts in gauges.SelectMany(g => g.Topics))
        {
            if (!topics.TryGetValue(counts.Topic, out List<TopicCounts>? all)) topics.Add(counts.Topic, all = []);
            all.Add(counts);
        }

        Topic(text, topics, "bytesin", "Bytes of records appended for clients", c => c.BytesIn);
        Topic(text, topics, "bytesout", "Bytes of records sent to clients", c => c.BytesOut);
        Topic(text, topics, "messagesin", "Records appended for clients", c => c.MessagesIn);
        Topic(text, topics, "totalproducerequests", "Partitions of produce requests", c => c.ProduceRequests);
        Topic(text, topics, "totalfetchrequests", "Partitions of fetch requests", c => c.FetchRequests);
        Topic(text, topics, "failedproducerequests", "Partitions of produce requests that failed", c => c.FailedProduce);
        Topic(text, topics, "failedfetchrequests", "Partitions of fetch requests that failed", c => c.FailedFetch);
    }

    private void Topic(
        MetricsText text,
        SortedDictionary<string, List<TopicCounts>> topics,
        string name,
        string help,
        Func<TopicCounts, MetricCell> cell)
    {
        text.Counter($"kafka_server_brokertopicmetrics_{name}_total", help + "; without a label: of all topics");
        text.Value(_shards.Sum(s => cell(s.AllTopics).Value));
        if (!text.HasTopics) return;
        foreach ((string topic, List<TopicCounts> counts) in topics)
            text.Value(counts.Sum(c => cell(c).Value), ("topic", topic));
    }

    private void Replicas(MetricsText text, ShardGauges[] gauges)
    {
        const string Manager = "kafka_server_replicamanager_";
        int Count(Func<PartitionGauges, bool> isCounted) => gauges.Sum(g => g.Partitions.Count(isCounted));
        text.Gauge(Manager + "leadercount", "Partitions that this node leads").Value(Count(p => p.IsLeader));
        text.Gauge(Manager + "partitioncount", "Replicas on this node").Value(Count(_ => true));
        text.Gauge(Manager + "underreplicatedpartitions", "Led partitions with replicas out of sync")
            .Value(Count(p => p.IsUnderReplicated));
        text.Gauge(Manager + "underminisrpartitioncount", "Led partitions with too few replicas in sync")
            .Value(Count(p => p.IsUnderMinIsr));
        text.Gauge(Manager + "atminisrpartitioncount", "Led partitions with just enough replicas in sync")
            .Value(Count(p => p.IsAtMinIsr));
        text.Gauge(Manager + "offlinereplicacount", "Replicas whose log has failed")
            .Value(gauges.Sum(g => g.OfflineReplicas));
        text.Gauge(Manager + "produceridcount", "Producers that logs remember")
            .Value(gauges.Sum(g => g.ProducerIds));
        text.Counter(Manager + "isrshrinks_total", "Replicas that fell out of sync")
            .Value(_shards.Sum(s => s.IsrShrinks.Value));
        text.Counter(Manager + "isrexpands_total", "Replicas that came back in sync")
            .Value(_shards.Sum(s => s.IsrExpands.Value));
    }

    private static void Partitions(MetricsText text, ShardGauges[] gauges)
    {
        if (!text.HasPartitions) return;
        List<PartitionGauges> partitions = [.. gauges.SelectMany(g => g.Partitions)
            .OrderBy(p => p.Topic, StringComparer.Ordinal).ThenBy(p => p.Partition)];
        All("kafka_log_log_size", "Bytes of the log", p => p.Size);
        All("kafka_log_log_logstartoffset", "First offset", p => p.LogStartOffset);
        All("kafka_log_log_logendoffset", "Offset of the next record", p => p.LogEndOffset);
        Led("replicascount", "Replicas", p => p.Replicas);
        Led("insyncreplicascount", "Replicas in sync", p => p.InSync);
        Led("underreplicated", "1: replicas are out of sync", p => p.IsUnderReplicated ? 1 : 0);
        Led("underminisr", "1: too few replicas are in sync", p => p.IsUnderMinIsr ? 1 : 0);
        Led("atminisr", "1: just enough replicas are in sync", p => p.IsAtMinIsr ? 1 : 0);
        Led("laststableoffsetlag", "Offsets held back by open transactions", p => p.LastStableOffsetLag);

        void All(string name, string help, Func<PartitionGauges, double> value)
        {
            text.Gauge(name, help);
            foreach (PartitionGauges p in partitions)
                text.Value(value(p), ("topic", p.Topic), ("partition", $"{p.Partition}"));
        }

        void Led(string name, string help, Func<PartitionGauges, double> value)
        {
            text.Gauge("kafka_cluster_partition_" + name, help);
            foreach (PartitionGauges p in partitions)
                if (p.IsLeader) text.Value(value(p), ("topic", p.Topic), ("partition", $"{p.Partition}"));
        }
    }

    private void Requests(MetricsText text)
    {
        const string Metrics = "kafka_network_requestmetrics_";
        List<(string Name, int Key, long Count)> apis = [];
        foreach (ApiInfo api in ApiTable.All)
        {
            long count = _requests.Sum(m => m.Requests[(int)api.Key].Value);
            if (count > 0) apis.Add((api.Name, (int)api.Key, count));
        }

        text.Counter(Metrics + "requests_total", "Requests");
        foreach ((string name, _, long count) in apis) text.Value(count, ("request", name));
        Time("totaltimems", "Milliseconds from request to response", s => s.RequestTimeNs);
        Time("requestqueuetimems", "Milliseconds behind other requests of the connection", s => s.RequestQueueTimeNs);

        void Time(string name, string help, Func<RequestMetrics, IReadOnlyList<MetricCell>> cells)
        {
            text.Family(Metrics + name, "summary", help);
            foreach ((string request, int key, long count) in apis)
            {
                text.Value("_sum", _requests.Sum(m => cells(m)[key].Value) * 1e-6, ("request", request));
                text.Value("_count", count, ("request", request));
            }
        }
    }

    private static void Waiting(MetricsText text, ShardGauges[] gauges)
    {
        text.Gauge("kafka_server_delayedoperationpurgatory_purgatorysize", "Requests that wait for data or acknowledgements");
        text.Value(gauges.Sum(g => g.WaitingFetches), ("delayedOperation", "Fetch"));
        text.Value(gauges.Sum(g => g.WaitingProduces), ("delayedOperation", "Produce"));
        const string Sessions = "kafka_server_fetchsessioncache_";
        text.Gauge(Sessions + "numincrementalfetchsessions", "Fetch sessions")
            .Value(gauges.Sum(g => g.FetchSessions));
        text.Gauge(Sessions + "numincrementalfetchpartitionscached", "Partitions of fetch sessions")
            .Value(gauges.Sum(g => g.FetchSessionPartitions));
        text.Counter(Sessions + "incrementalfetchsessionevictions_total", "Fetch sessions that made room for others")
            .Value(gauges.Sum(g => g.FetchSessionEvictions));
        text.Gauge("kafka_coordinator_group_groupmetadatamanager_numgroups", "Groups that this node coordinates")
            .Value(gauges.Sum(g => g.Groups));
    }

    private void Sockets(MetricsText text)
    {
        const string Server = "kafka_server_socket_server_metrics_";
        BySocketThread(text.Gauge(Server + "connection_count", "Open connections"), m => m.Connections);
        BySocketThread(text.Counter(Server + "connection_creation_total", "Connections accepted"), m => m.ConnectionsAccepted);
        BySocketThread(text.Counter(Server + "incoming_byte_total", "Bytes received"), m => m.BytesIn);
        BySocketThread(text.Counter(Server + "outgoing_byte_total", "Bytes sent"), m => m.BytesOut);
        text.Gauge("kafka_network_socketserver_expiredconnectionskilledcount", "Connections closed because they were idle")
            .Value(host.Reactors.Sum(r => r.Metrics.ConnectionsClosedIdle.Value));
    }

    private void BySocketThread(MetricsText text, Func<ReactorMetrics, MetricCell> cell)
    {
        foreach (Reactor reactor in host.Reactors)
            text.Value(cell(reactor.Metrics).Value, ("networkProcessor", reactor.Id.ToString()));
    }

    private static void Controller(MetricsText text, ControlGauges control)
    {
        const string Name = "kafka_controller_kafkacontroller_";
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
        text.Gauge("kafka_log_logmanager_offlinelogdirectorycount", "Log directories that failed")
            .Value(control.OfflineLogDirectories);
        const string Raft = "kafka_server_raftmetrics_";
        text.Gauge(Raft + "current_leader", "Node that leads the quorum, -1 for none").Value(control.LeaderId);
        text.Gauge(Raft + "current_epoch", "Epoch of the quorum").Value(control.Epoch);
        text.Gauge(Raft + "high_watermark", "Committed end of the metadata log").Value(control.HighWatermark);
        text.Gauge(Raft + "log_end_offset", "End of the metadata log").Value(control.LogEndOffset);
    }
}
