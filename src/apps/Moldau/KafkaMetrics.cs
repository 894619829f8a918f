using Moldau.Base;
using Moldau.Broker;
using Moldau.Protocol;
using Moldau.Runtime;

namespace Moldau;

/// <summary>The node's numbers under the names of Kafka's MBeans, spelled as jmx_exporter's usual rules do: lower case, the
/// rate's count as <c>_total</c>.</summary>
internal sealed partial class KafkaMetrics(IReadOnlyList<NodeMachine> machines, NodeHost host)
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
        Logs(text);
        Requests(text, gauges);
        Waiting(text, gauges);
        Groups(text, gauges);
        Sockets(text, gauges);
        Threads(text);
        if (_control is not null) Controller(text, _control);
        Node(text);
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
        Topic(text, topics, "bytesrejected", "Bytes of batches that were too large", c => c.BytesRejected);
        Topic(text, topics, "invalidmessagecrcrecords", "Batches whose checksum was wrong", c => c.InvalidCrc);
    }

    private void Topic(
        MetricsText text,
        SortedDictionary<string, List<TopicCounts>> topics,
        string name,
        string help,
        Func<TopicCounts, MetricCell> cell)
    {
        text.PerSecond($"kafka_server_brokertopicmetrics_{name}", help + "; without a label: of all topics");
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
        text.Gauge(Manager + "reassigningpartitions", "Led partitions whose replicas are being moved")
            .Value(gauges.Sum(g => g.ReassigningPartitions));
        text.PerSecond(Manager + "isrshrinks", "Replicas that fell out of sync")
            .Value(_shards.Sum(s => s.IsrShrinks.Value));
        text.PerSecond(Manager + "isrexpands", "Replicas that came back in sync")
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
        All("kafka_log_log_numlogsegments", "Segments", p => p.Segments);
        All("kafka_log_log_retentionsizeinpercent", "Size in hundredths of retention.bytes, 0 without a limit", p => p.RetentionPercent);
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
}
