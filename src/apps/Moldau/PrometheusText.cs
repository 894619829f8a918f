using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Protocol;
using Moldau.Runtime;

namespace Moldau;

/// <summary>Renders the node's counters under Kafka's metric names, as jmx_exporter's rules spell them.</summary>
internal sealed class PrometheusText(IReadOnlyList<NodeMachine> machines, NodeHost host)
{
    private readonly ShardMetrics[] _shards =
        [.. machines.Select(m => NodeMachines.MetricsOf(m.Machine)).Where(m => m is not null).Select(m => m!)];

    public string Render()
    {
        StringBuilder text = new();
        Counter(text, "kafka_server_brokertopicmetrics_bytesin_total", "Bytes of records appended for clients", s => s.BytesIn);
        Counter(text, "kafka_server_brokertopicmetrics_bytesout_total", "Bytes of records sent to clients", s => s.BytesOut);
        Counter(text, "kafka_server_brokertopicmetrics_messagesin_total", "Records appended for clients", s => s.MessagesIn);
        Counter(text, "kafka_server_brokertopicmetrics_totalproducerequests_total", "Partitions of produce requests", s => s.ProduceRequests);
        Counter(text, "kafka_server_brokertopicmetrics_totalfetchrequests_total", "Partitions of fetch requests", s => s.FetchRequests);
        Counter(text, "kafka_server_brokertopicmetrics_failedproducerequests_total", "Partitions of produce requests that failed", s => s.FailedProduce);
        Counter(text, "kafka_server_brokertopicmetrics_failedfetchrequests_total", "Partitions of fetch requests that failed", s => s.FailedFetch);
        ByRequest(text, "kafka_network_requestmetrics_requests_total", "Requests by API", s => s.Requests, 1);
        ByRequest(text, "kafka_network_requestmetrics_totaltimems_total", "Milliseconds from request to response, summed, by API", s => s.RequestTimeNs, 1e-6);
        Head(text, "moldau_buffers_outstanding_bytes", "gauge", "Bytes of leased buffers");
        foreach (NodeMachine machine in machines)
            text.Append("moldau_buffers_outstanding_bytes{machine=\"").Append(machine.Id).Append("\"} ").Append(machine.Pool.OutstandingBytes).Append('\n');
        Head(text, "process_resident_memory_bytes", "gauge", "Resident memory");
        text.Append("process_resident_memory_bytes ").Append(Environment.WorkingSet).Append('\n');
        Head(text, "moldau_ready", "gauge", "Whether the node serves requests");
        text.Append("moldau_ready ").Append(host.Ready.IsCompletedSuccessfully ? 1 : 0).Append('\n');
        return text.ToString();
    }

    private void Counter(StringBuilder text, string name, string help, Func<ShardMetrics, MetricCell> cell)
    {
        Head(text, name, "counter", help);
        long sum = 0;
        foreach (ShardMetrics shard in _shards) sum += cell(shard).Value;
        text.Append(name).Append(' ').Append(sum).Append('\n');
    }

    private void ByRequest(StringBuilder text, string name, string help, Func<ShardMetrics, IReadOnlyList<MetricCell>> cells, double scale)
    {
        Head(text, name, "counter", help);
        foreach (ApiInfo api in ApiTable.All)
        {
            long sum = 0;
            foreach (ShardMetrics shard in _shards) sum += cells(shard)[(int)api.Key].Value;
            if (sum == 0) continue;
            text.Append(name).Append("{request=\"").Append(api.Name).Append("\"} ")
                .Append((sum * scale).ToString(CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
}
