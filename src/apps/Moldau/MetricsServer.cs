using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Runtime;

namespace Moldau;

/// <summary>GET /metrics in Prometheus text, on <c>moldau.http.listeners</c>. Made after Kafka's listeners: nobody's first
/// record waits for it.</summary>
internal sealed class MetricsServer : IDisposable
{
    private readonly WebApplication? _app;

    private MetricsServer(WebApplication? app) => _app = app;

    public static MetricsServer Start(BrokerConfig config, IReadOnlyList<NodeMachine> machines, NodeHost host)
    {
        if (config.HttpListeners.Count == 0) return new MetricsServer(null);
        MetricsFilter filter = new(config);
        // Nothing from files or environment: the fuller builders would also watch the working directory, data folder
        // and all, for changes.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 100;
            foreach (HostPort at in config.HttpListeners)
            {
                if (at.Host == "localhost") kestrel.ListenLocalhost(at.Port);
                else if (string.IsNullOrEmpty(at.Host)) kestrel.ListenAnyIP(at.Port);
                else if (IPAddress.TryParse(at.Host, out IPAddress? address)) kestrel.Listen(address, at.Port);
                else kestrel.Listen(Dns.GetHostAddresses(at.Host)[0], at.Port);
            }
        });
        WebApplication app = builder.Build();
        app.UseRouting();
        KafkaMetrics kafka = new(machines, host);
        ProcessMetrics process = new(machines, host);
        app.MapGet("/metrics", async context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            await context.Response.WriteAsync(Render(kafka, process, filter));
        });
        // Live: the node has not ended. Started: it has served. Ready: it serves, and nobody has asked it to stop.
        app.MapGet("/health/live", () => Health(!host.Ended.IsCompleted, "ok"));
        app.MapGet("/health/startup", () => Health(host.Ready.IsCompletedSuccessfully, "started"));
        app.MapGet("/health/ready", () => Health(
            host.Ready.IsCompletedSuccessfully && !host.IsStopping && !host.Ended.IsCompleted, "ready"));
        try
        {
            app.StartAsync().GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new CommandException($"moldau.http.listeners: {e.Message}");
        }

        return new MetricsServer(app);
    }

    private static IResult Health(bool isSo, string word) => isSo ? Results.Text(word) : Results.Text("no", statusCode: 503);

    private static string Render(KafkaMetrics kafka, ProcessMetrics process, MetricsFilter filter)
    {
        StringBuilder text = new(64 * 1024);
        MetricsText writer = new(text, filter);
        kafka.Render(writer);
        process.Render(writer);
        writer.End();
        return text.ToString();
    }

    public void Dispose() => _app?.StopAsync().GetAwaiter().GetResult();
}
