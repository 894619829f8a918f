using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
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
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 100;
            foreach (HostPort at in config.HttpListeners)
            {
                if (at.Host == "localhost") kestrel.ListenLocalhost(at.Port);
                else if (string.IsNullOrEmpty(at.Host)) kestrel.ListenAnyIP(at.Port);
                else kestrel.Listen(IPAddress.TryParse(at.Host, out IPAddress? address) ? address : Dns.GetHostAddresses(at.Host)[0], at.Port);
            }
        });
        WebApplication app = builder.Build();
        PrometheusText text = new(machines, host);
        app.MapGet("/metrics", async context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            await context.Response.WriteAsync(text.Render());
        });
        app.MapGet("/health/live", static () => Results.Text("ok"));
        app.MapGet("/health/ready", () => host.Ready.IsCompletedSuccessfully ? Results.Text("ready") : Results.StatusCode(503));
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

    public void Dispose() => _app?.StopAsync().GetAwaiter().GetResult();
}
