using System.Diagnostics;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Runtime;

namespace Moldau;

/// <summary>Numbers without a counterpart in Kafka: the node's threads and disks, the process, the .NET runtime.</summary>
internal sealed class ProcessMetrics(IReadOnlyList<NodeMachine> machines, NodeHost host)
{
    private static readonly double StartedAt =
        new DateTimeOffset(Process.GetCurrentProcess().StartTime.ToUniversalTime()).ToUnixTimeMilliseconds() / 1000.0;

    public void Render(MetricsText text)
    {
        text.Gauge("moldau_ready", "1: the node serves requests").Value(host.Ready.IsCompletedSuccessfully ? 1 : 0);
        Threads(text);
        Disks(text);
        OfProcess(text);
        Runtime(text);
    }

    private void Threads(MetricsText text)
    {
        text.Gauge("moldau_buffers_outstanding_bytes", "Bytes of leased buffers");
        foreach (NodeMachine machine in machines)
            text.Value(machine.Pool.OutstandingBytes, ("machine", machine.Id.ToString()));
        ByMachine("moldau_turns_slow_total", "Turns of a thread that took too long", m => m.SlowTurns);
        ByMachine("moldau_steps_total", "Events that a machine has handled", m => m.Steps);
        ByMachine("moldau_cold_reads_total", "Pieces of logs that were not in the page cache", m => m.ColdReads);
        ByMachine("moldau_sendfile_bytes_total", "Bytes sent from files without copies", m => m.SendFileBytes);
        ByMachine("moldau_connections_refused_total", "Connections above a limit", m => m.ConnectionsRefused);
        ByMachine("moldau_memory_pauses_total", "Times that a connection waited for memory", m => m.MemoryPauses);
        text.Gauge("moldau_turn_longest_seconds", "Longest turn so far");
        foreach (Reactor reactor in host.Reactors)
            text.Value(reactor.Metrics.LongestTurnNs.Value * 1e-9, ("machine", reactor.Id.ToString()));

        void ByMachine(string name, string help, Func<ReactorMetrics, MetricCell> cell)
        {
            text.Counter(name, help);
            foreach (Reactor reactor in host.Reactors)
                text.Value(cell(reactor.Metrics).Value, ("machine", reactor.Id.ToString()));
        }
    }

    private void Disks(MetricsText text)
    {
        (string Lane, KeyValuePair<string, DiskCounters> Disk)[] all =
        [
            .. host.DataLanes.Counters.Select(c => ("data", c)), .. host.ControlLanes.Counters.Select(c => ("control", c)),
        ];
        Disk("moldau_disk_slow_appends_total", "Appends that took too long", d => d.SlowAppends);
        Disk("moldau_disk_writer_appends_total", "Appends that a writer thread did", d => d.WriterAppends);
        Disk("moldau_disk_sync_requests_total", "Syncs asked for", d => d.SyncRequests);
        Disk("moldau_disk_syncs_total", "Sync calls", d => d.Syncs);
        Disk("moldau_disk_sync_seconds_total", "Time in sync calls", d => d.SyncNs * 1e-9);
        Disk("moldau_disk_writeback_bytes_total", "Bytes written back early", d => d.WritebackBytes);

        void Disk(string name, string help, Func<DiskCounters, double> value)
        {
            text.Counter(name, help);
            foreach ((string lane, KeyValuePair<string, DiskCounters> disk) in all)
                text.Value(value(disk.Value), ("directory", disk.Key), ("lane", lane));
        }
    }

    private static void OfProcess(MetricsText text)
    {
        using Process self = Process.GetCurrentProcess();
        text.Counter("process_cpu_seconds_total", "Processor time").Value(Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Gauge("process_resident_memory_bytes", "Resident memory").Value(Environment.WorkingSet);
        text.Gauge("process_virtual_memory_bytes", "Virtual memory").Value(self.VirtualMemorySize64);
        text.Gauge("process_start_time_seconds", "Start of the process, in seconds since 1970").Value(StartedAt);
        text.Gauge("process_threads", "Threads").Value(self.Threads.Count);
        if (Directory.Exists("/proc/self/fd"))
            text.Gauge("process_open_fds", "Open files and sockets").Value(Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
    }

    private static void Runtime(MetricsText text)
    {
        text.Counter("dotnet_gc_collections_total", "Garbage collections");
        for (int i = 0; i <= GC.MaxGeneration; i++) text.Value(GC.CollectionCount(i), ("generation", $"{i}"));
        text.Counter("dotnet_gc_allocated_bytes_total", "Bytes allocated").Value(GC.GetTotalAllocatedBytes());
        text.Counter("dotnet_gc_pause_seconds_total", "Time in pauses for collections").Value(GC.GetTotalPauseDuration().TotalSeconds);
        text.Gauge("dotnet_gc_heap_bytes", "Bytes of the managed heap").Value(GC.GetTotalMemory(forceFullCollection: false));
        text.Gauge("dotnet_threadpool_threads", "Threads of the pool").Value(ThreadPool.ThreadCount);
    }
}
