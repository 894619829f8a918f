using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Moldau.Client.Hosting;

/// <summary>A host's client of one cluster, made out of its configuration when it is first needed.</summary>
internal sealed partial class Connection : IHealthCheck, IAsyncDisposable
{
    private readonly string _name;
    private readonly ClientConfiguration _configuration;
    private readonly Lazy<Producer> _producer;
    private readonly List<IHandlerHealth> _handlers = [];

    public Connection(
        string name, IConfiguration configuration, Func<ClientSettings, ClientSettings>? configure, ILogger<Connection> logger)
    {
        _name = name;
        _configuration = ClientConfiguration.Read(Properties(name, configuration));
        _configuration.Check();
        foreach (UnusedProperty unused in _configuration.Unused) LogUnused(logger, unused.Name, unused.Why);
        ClientSettings settings = _configuration.Apply(new ClientSettings { BootstrapServers = [] });
        if (configure is not null) settings = configure(settings);
        if (settings.BootstrapServers.Count == 0)
        {
            throw new InvalidOperationException(
                $"no bootstrap servers: set ConnectionStrings:{name} or Moldau:{name}:bootstrap.servers to host:port");
        }

        Client = new MoldauClient(settings);
        _producer = new Lazy<Producer>(() => Client.CreateProducer(_configuration.Apply(new ProducerOptions())));
    }

    public MoldauClient Client { get; }

    /// <summary>All producers of the connection share it.</summary>
    public Producer Producer => _producer.Value;

    public ConsumerOptions ConsumerOptions => _configuration.Apply(new ConsumerOptions());

    public void Watch(IHandlerHealth handler)
    {
        lock (_handlers) _handlers.Add(handler);
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            ClusterDescription cluster = await Client.Admin.DescribeClusterAsync(cancellationToken).ConfigureAwait(false);
            List<string> troubles = [];
            lock (_handlers)
            {
                foreach (IHandlerHealth handler in _handlers)
                    if (handler.Trouble is { } trouble) troubles.Add(trouble);
            }

            return troubles.Count == 0
                ? HealthCheckResult.Healthy($"{cluster.Brokers.Count} brokers")
                : HealthCheckResult.Degraded(string.Join("; ", troubles));
        }
        catch (MoldauException error)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, $"{_name}: {error.Message}", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_producer.IsValueCreated) await _producer.Value.DisposeAsync().ConfigureAwait(false);
        await Client.DisposeAsync().ConfigureAwait(false);
    }

    private static List<KeyValuePair<string, string?>> Properties(string name, IConfiguration configuration)
    {
        List<KeyValuePair<string, string?>> properties = [];
        Collect(configuration.GetSection("Moldau").GetSection(name), "", properties);
        string? servers = configuration.GetConnectionString(name);
        if (servers is not null && !properties.Exists(p => ClientConfiguration.AreSame(p.Key, "bootstrap.servers")))
            properties.Add(new("bootstrap.servers", servers));
        return properties;
    }

    /// <summary>Leaves of the section, each under its path. A list is one value with commas.</summary>
    private static void Collect(IConfigurationSection section, string path, List<KeyValuePair<string, string?>> into)
    {
        IConfigurationSection[] children = [.. section.GetChildren()];
        if (children.Length == 0)
        {
            if (path.Length > 0) into.Add(new(path, section.Value));
            return;
        }

        if (children.All(c => int.TryParse(c.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            into.Add(new(path, string.Join(',', children.Select(c => c.Value))));
            return;
        }

        if (path.Length > 0 && section.Value is { Length: > 0 } value) into.Add(new(path, value));
        foreach (IConfigurationSection child in children)
            Collect(child, path.Length == 0 ? child.Key : $"{path}:{child.Key}", into);
    }

    [LoggerMessage(LogLevel.Information, "{Name} is not used: {Why}")]
    private static partial void LogUnused(ILogger logger, string name, string why);
}

/// <summary>A handler that can be asked how it is.</summary>
internal interface IHandlerHealth
{
    /// <summary>Null where all is well.</summary>
    string? Trouble { get; }
}
