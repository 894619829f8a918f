using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Moldau.Client.Hosting;

/// <summary>Moldau in a host: <c>builder.AddMoldau("kafka")</c>.</summary>
public static class MoldauHostingExtensions
{
    /// <summary>Adds a client of one cluster, its health check, and what is built on it. The bootstrap servers come from
    /// <c>ConnectionStrings:NAME</c>, everything else from the section <c>Moldau:NAME</c>, by any of the names that
    /// <see cref="ClientConfiguration"/> knows; a name that is not known stops the host at its start.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="name">The connection's name. <see cref="MoldauClient"/> is registered under it as a key, and the first one
    /// without a key too.</param>
    /// <param name="configure">Changes what the configuration says, for what only code can give.</param>
    /// <returns>What adds producers, handlers and topics.</returns>
    public static MoldauBuilder AddMoldau(
        this IHostApplicationBuilder builder, string name, Func<ClientSettings, ClientSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        IServiceCollection services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddKeyedSingleton(name, (provider, _) => new Connection(
            name, provider.GetRequiredService<IConfiguration>(), configure, provider.GetRequiredService<ILogger<Connection>>()));
        services.AddKeyedSingleton(name, (provider, _) => provider.GetRequiredKeyedService<Connection>(name).Client);
        services.TryAddSingleton(provider => provider.GetRequiredKeyedService<Connection>(name).Client);
        services.AddSingleton<IHostedService>(provider => new Starter(provider.GetRequiredKeyedService<Connection>(name)));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            $"moldau-{name}", provider => provider.GetRequiredKeyedService<Connection>(name), HealthStatus.Unhealthy, ["ready"]));
        return new MoldauBuilder(services, name);
    }
}
