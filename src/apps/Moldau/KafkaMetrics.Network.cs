using Moldau.Base;
using Moldau.Broker;
using Moldau.Protocol;
using Moldau.Runtime;

namespace Moldau;

/// <summary>Requests, sockets and threads.</summary>
internal sealed partial class KafkaMetrics
{
    private static readonly (string Label, double Part)[] _quantiles =
        [("0.50", 0.5), ("0.75", 0.75), ("0.95", 0.95), ("0.98", 0.98), ("0.99", 0.99), ("0.999", 0.999)];

    private void Requests(MetricsText text, ShardGauges[] gauges)
    {
        const string Metrics = "kafka_network_requestmetrics_";
        text.PerSecond(Metrics + "requests", "Requests of all listeners");
        foreach (ApiInfo api in ApiTable.All)
        {
            long count = _requests.Sum(m => m.Requests[(int)api.Key].Value);
            if (count > 0) text.Value(count, ("request", api.Name));
        }

        Errors(text);
        Times("totaltimems", "Milliseconds from a request to its answer", t => t.Total, 1e-6);
        Times("requestqueuetimems", "Milliseconds behind other requests of the connection", t => t.Queue, 1e-6);
        Times("localtimems", "Milliseconds of work in the turn that answers", t => t.Local, 1e-6);
        Times("remotetimems", "Milliseconds of waiting for others: threads, disks, data, acknowledgements", t => t.Remote, 1e-6);
        Times("responsequeuetimems", "Milliseconds of an answer until sending it is tried", t => t.ResponseQueue, 1e-6);
        Times("responsesendtimems", "Milliseconds of sending an answer", t => t.ResponseSend, 1e-6);
        Times("requestbytes", "Bytes of a request", t => t.RequestBytes, 1);
        text.Family(Metrics + "throttletimems", "summary", "Milliseconds of delay for quotas: none, there are no client quotas");
        ForAnswered((api, times) => Summary(text, [], 1, times.Sum(t => t.Total.Count), ("request", api.Name)));
        text.Gauge("kafka_network_requestchannel_requestqueuesize", "Requests behind others of their connections")
            .Value(gauges.Sum(g => g.WaitingRequests));

        void Times(string name, string help, Func<RequestTimes, MetricHistogram> histogram, double scale)
        {
            text.Family(Metrics + name, "summary", help);
            ForAnswered((api, times) =>
            {
                MetricHistogram[] all = [.. times.Select(histogram)];
                Summary(text, all, scale, all.Sum(h => h.Count), ("request", api.Name));
            });
        }
    }

    private void ForAnswered(Action<ApiInfo, IReadOnlyList<RequestTimes>> show)
    {
        foreach (ApiInfo api in ApiTable.All)
        {
            List<RequestTimes> times = [.. host.Reactors.Select(r => r.RequestTimes[(int)api.Key]).OfType<RequestTimes>()];
            if (times.Count > 0) show(api, times);
        }
    }

    private void Errors(MetricsText text)
    {
        SortedDictionary<(string Api, string Error), long> errors = new();
        foreach (NodeMachine machine in machines)
        {
            NodeMachines.ErrorsOf(machine.Machine).ForEach((api, error, count) =>
            {
                (string, string) key = (api.ToString(), error.KafkaName());
                errors[key] = errors.GetValueOrDefault(key) + count;
            });
        }

        text.PerSecond("kafka_network_requestmetrics_errors", "Error codes in answers, NONE for success");
        foreach (((string api, string error), long count) in errors) text.Value(count, ("request", api), ("error", error));
    }

    private static void Summary(
        MetricsText text,
        IReadOnlyList<MetricHistogram> all,
        double scale,
        long count,
        params ReadOnlySpan<(string Name, string Value)> labels)
    {
        long[] counts = MetricHistogram.NewCounts();
        foreach (MetricHistogram histogram in all) histogram.AddTo(counts);
        foreach ((string label, double part) in _quantiles)
            text.Value(MetricHistogram.Quantile(counts, part) * scale, [.. labels, ("quantile", label)]);
        text.Value("_sum", all.Sum(h => h.Sum) * scale, labels);
        text.Value("_count", count, labels);
    }

    private void Sockets(MetricsText text, ShardGauges[] gauges)
    {
        const string Server = "kafka_server_socket_server_metrics_";
        List<(string Processor, ClientCount Count)> clients = [];
        foreach (NodeMachine machine in machines)
        {
            IReadOnlyList<ClientCount> counts = NodeMachines.MetricsOf(machine.Machine)?.Gauges.Clients
                ?? NodeMachines.ControlMetricsOf(machine.Machine)?.Gauges.Clients ?? [];
            clients.AddRange(counts.Select(c => (machine.Id.ToString(), c)));
        }

        text.Gauge(Server + "connection_count", "Open connections");
        foreach (var group in clients.GroupBy(c => (c.Count.Listener, c.Processor)).OrderBy(g => g.Key))
            text.Value(group.Sum(c => c.Count.Connections), ("listener", group.Key.Listener), ("networkProcessor", group.Key.Processor));
        text.Gauge(Server + "connections", "Open connections by what their clients call themselves");
        foreach ((string processor, ClientCount c) in clients)
        {
            text.Value(c.Connections, ("clientSoftwareName", c.Software), ("clientSoftwareVersion", c.Version),
                ("listener", c.Listener), ("networkProcessor", processor));
        }

        BySocketThread(text.Counter(Server + "connection_creation_total", "Connections accepted"), m => m.ConnectionsAccepted);
        BySocketThread(text.Counter(Server + "connection_close_total", "Connections closed"), m => m.ConnectionsClosed);
        BySocketThread(text.Gauge(Server + "expired_connections_killed_count", "Connections closed because they were idle"), m => m.ConnectionsClosedIdle);
        BySocketThread(text.Counter(Server + "failed_authentication_total", "TLS sessions that came to nothing"), m => m.FailedAuthentications);
        BySocketThread(text.Counter(Server + "incoming_byte_total", "Bytes received"), m => m.BytesIn);
        BySocketThread(text.Counter(Server + "outgoing_byte_total", "Bytes sent"), m => m.BytesOut);
        text.Counter(Server + "response_total", "Answers sent");
        foreach (Reactor reactor in host.Reactors)
            text.Value(reactor.RequestTimes.Sum(t => t?.Total.Count ?? 0), ("networkProcessor", reactor.Id.ToString()));
        Accepting(text, Server);
        text.Gauge("kafka_network_socketserver_expiredconnectionskilledcount", "Connections closed because they were idle")
            .Value(host.Reactors.Sum(r => r.Metrics.ConnectionsClosedIdle.Value));
        text.Gauge("kafka_network_socketserver_memorypoolused", "Bytes of requests and answers in memory")
            .Value(machines.Sum(m => m.Pool.OutstandingBytes));
    }

    private void Accepting(MetricsText text, string server)
    {
        IReadOnlyList<ListenerMetrics> listeners = host.ReadListeners();
        text.Gauge(server + "connection_accept_rate", "Connections accepted a second");
        foreach (ListenerMetrics l in listeners) text.Value(l.AcceptRate, ("listener", l.Name));
        text.Gauge(server + "broker_connection_accept_rate", "Connections accepted a second by all listeners with a common limit")
            .Value(host.AcceptRate);
        text.Gauge(server + "connection_accept_throttle_time", "Milliseconds that a rest for max.connection.creation.rate took, on average");
        foreach (ListenerMetrics l in listeners)
            text.Value(l.Throttles == 0 ? 0 : l.ThrottledNs * 1e-6 / l.Throttles, ("listener", l.Name));
        text.Counter("kafka_network_acceptor_acceptorblocked_nanoseconds_total", "Time in which limits kept a listener from accepting");
        foreach (ListenerMetrics l in listeners) text.Value(l.BlockedNs, ("listener", l.Name));
    }

    /// <summary>One thread receives, works and sends, so one number stands for network processors and request handlers.</summary>
    private void Threads(MetricsText text)
    {
        Reactor[] shards = [.. host.Reactors.Where(r => r.Id != MachineId.Control)];
        Reactor[] control = [.. host.Reactors.Where(r => r.Id == MachineId.Control)];
        double broker = shards.Length == 0 ? 0 : shards.Average(Idle);
        const string Pool = "kafka_server_kafkarequesthandlerpool_";
        text.Percent("kafka_network_socketserver_networkprocessoravgidle", "Part of the time in which the shards' threads wait").Value(broker);
        text.Percent("kafka_network_processor_idle", "Part of the time in which a thread waits");
        foreach (Reactor reactor in host.Reactors) text.Value(Idle(reactor), ("networkProcessor", reactor.Id.ToString()));
        text.Percent(Pool + "requesthandleravgidle", "Part of the time in which the threads wait").Value(host.Reactors.Average(Idle));
        text.Percent(Pool + "brokerrequesthandleravgidle", "Part of the time in which the shards' threads wait").Value(broker);
        if (control.Length > 0)
            text.Percent(Pool + "controllerrequesthandleravgidle", "Part of the time in which the controller's thread waits").Value(Idle(control[0]));

        static double Idle(Reactor reactor) => reactor.Metrics.IdlePermille.Value / 1000.0;
    }

    private void BySocketThread(MetricsText text, Func<ReactorMetrics, MetricCell> cell)
    {
        foreach (Reactor reactor in host.Reactors)
            text.Value(cell(reactor.Metrics).Value, ("networkProcessor", reactor.Id.ToString()));
    }
}
