using System.Net;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Client;
using Moldau.Protocol;
using Moldau.Runtime;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Embedded;

/// <summary>A whole broker inside this process: the node that <c>moldau</c> runs, on loopback, with real sockets and files.
/// Any number of them live side by side. Safe for use by many threads; starts and stops follow one another.</summary>
/// <example><code>
/// await using var broker = await EmbeddedBroker.StartAsync();
/// await using var client = broker.CreateClient();
/// </code></example>
public sealed class EmbeddedBroker : IAsyncDisposable
{
    // A port that another socket of this process or of another still holds for a moment.
    private const int BindAttempts = 40;
    private const int BindPauseMs = 50;

    private readonly EmbeddedOptions _options;
    private readonly bool _ownsFolder;
    private readonly SocketTransport _transport;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private int _controllerPort;
    private LocalNode? _node;
    private IDisposable? _disk;
    private bool _isDisposed;

    private EmbeddedBroker(EmbeddedOptions options)
    {
        _options = options;
        Port = options.Port;
        _ownsFolder = options.DataFolder is null;
        _transport = options.Transport == EmbeddedTransport.Portable ? SocketTransport.Portable : SocketTransport.Default;
        DataFolder = _ownsFolder
            ? Directory.CreateTempSubdirectory("moldau-").FullName.Replace('\\', '/')
            : Path.GetFullPath(options.DataFolder!).Replace('\\', '/'); // not null: the other branch is for null
    }

    /// <summary>The broker's port on 127.0.0.1, the same for its whole life.</summary>
    public int Port { get; private set; }

    /// <summary>What clients take as <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers => $"127.0.0.1:{Port}";

    /// <summary>Where its data is.</summary>
    public string DataFolder { get; }

    /// <summary>False between <see cref="StopAsync"/> or <see cref="KillAsync"/> and
    /// <see cref="RestartAsync"/>.</summary>
    public bool IsRunning => _node is { Host.Ended.IsCompleted: false };

    /// <summary>Starts a broker and returns when it serves clients and its topics are there.</summary>
    /// <param name="options">Null for the defaults: a free port, a temporary folder.</param>
    /// <param name="cancel">Gives the start up.</param>
    /// <exception cref="EmbeddedBrokerException">It cannot start so; the text says why.</exception>
    public static async Task<EmbeddedBroker> StartAsync(EmbeddedOptions? options = null, CancellationToken cancel = default)
    {
        EmbeddedBroker broker = new(options ?? new EmbeddedOptions());
        try
        {
            await broker.StartNodeAsync(cancel).ConfigureAwait(false);
            await broker.MakeTopicsAsync(cancel).ConfigureAwait(false);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A client of this broker. Disposing of it is the caller's.</summary>
    /// <param name="settings">Changes the client's settings; null leaves the defaults.</param>
    public MoldauClient CreateClient(Func<ClientSettings, ClientSettings>? settings = null)
    {
        ClientSettings made = new() { BootstrapServers = [new BrokerAddress("127.0.0.1", Port)] };
        return new MoldauClient(settings is null ? made : settings(made));
    }

    /// <summary>Stops it in order, as SIGTERM does: what clients are owed is answered, logs are closed clean.</summary>
    /// <exception cref="EmbeddedBrokerException">The clean end took too long; the broker is stopped all the
    /// same.</exception>
    public Task StopAsync() => ChangeAsync(() => EndAsync(isClean: true));

    /// <summary>Stops it without a clean end, as kill -9 does: connections break where they are, logs are left as they are
    /// and are recovered by <see cref="RestartAsync"/>. What was written stays, as the system's page cache outlives a
    /// process.</summary>
    public Task KillAsync() => ChangeAsync(() => EndAsync(isClean: false));

    /// <summary>Starts it again on its port and its data; one that runs is stopped in order first.</summary>
    /// <param name="cancel">Gives the start up.</param>
    /// <exception cref="EmbeddedBrokerException">It cannot start again; the text says why.</exception>
    public Task RestartAsync(CancellationToken cancel = default) => ChangeAsync(async () =>
    {
        if (_node is not null) await EndAsync(isClean: true).ConfigureAwait(false);
        await StartNodeAsync(cancel).ConfigureAwait(false);
    });

    /// <summary>Stops it, without writing what nobody will read, and removes the temporary folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isDisposed) return;
            _isDisposed = true;
            await EndAsync(isClean: !_ownsFolder).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
            if (_ownsFolder && Directory.Exists(DataFolder)) Directory.Delete(DataFolder, recursive: true);
        }
    }

    private async Task ChangeAsync(Func<Task> change)
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            await change().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task StartNodeAsync(CancellationToken cancel)
    {
        ListenSocket clients = await BindAsync(Port, cancel).ConfigureAwait(false);
        ListenSocket controller = await BindAsync(_controllerPort, cancel).ConfigureAwait(false);
        (Port, _controllerPort) = (clients.LocalEndPoint.Port, controller.LocalEndPoint.Port);
        LocalNode node;
        try
        {
            // Reads and writes files; a caller's thread may be one that must not wait.
            node = await Task.Run(() => StartNode(clients, controller), cancel).ConfigureAwait(false);
        }
        catch
        {
            clients.Dispose();
            controller.Dispose();
            throw;
        }

        _node = node;
        try
        {
            await Task.WhenAny(node.Host.Ready, node.Host.Ended).WaitAsync(_options.Patience, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new EmbeddedBrokerException($"the broker was not ready after {_options.Patience}");
        }

        if (!node.Host.Ready.IsCompleted)
            throw new EmbeddedBrokerException($"the broker ended by itself: {(await node.Host.Ended.ConfigureAwait(false)).Reason}");
    }

    private LocalNode StartNode(ListenSocket clients, ListenSocket controller)
    {
        Dictionary<string, string> properties = EmbeddedProperties.Make(_options, DataFolder, Port, _controllerPort);
        bool isPortable = _transport == SocketTransport.Portable;
        IDisk disk = isPortable ? new PortableDisk { SkipsSync = _ownsFolder } : new FileDisk { SkipsSync = _ownsFolder };
        try
        {
            LocalNode node = LocalNode.Start(new()
            {
                Config = EmbeddedProperties.Check(_options, properties),
                Properties = properties,
                Disk = disk,
                Logs = new LogAreas(_options.Log ?? new NullLogSink()),
                Product = "Moldau, embedded",
                Transport = _transport,
                Opened = new Dictionary<string, ListenSocket> { ["PLAINTEXT"] = clients, ["CONTROLLER"] = controller },
            });
            _disk = (IDisposable)disk;
            return node;
        }
        catch (NodeStartException e)
        {
            ((IDisposable)disk).Dispose();
            throw new EmbeddedBrokerException(e.Message);
        }
    }

    private async Task<ListenSocket> BindAsync(int port, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return _transport.Listen(IPAddress.Loopback, port, 128);
            }
            catch (SocketFailure e) when (e.Error == Errno.AddressInUse && port != 0 && attempt < BindAttempts)
            {
                await Task.Delay(BindPauseMs, cancel).ConfigureAwait(false);
            }
            catch (SocketFailure e)
            {
                throw new EmbeddedBrokerException(e.Message);
            }
        }
    }

    private async Task EndAsync(bool isClean)
    {
        if (_node is not { } node) return;
        bool isLate = false;
        if (isClean)
        {
            node.Host.RequestStop();
            try
            {
                await node.Host.Ended.WaitAsync(_options.Patience).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                isLate = true;
            }
        }

        // Waits for threads.
        await Task.Run(() =>
        {
            node.Dispose();
            _disk?.Dispose();
        }).ConfigureAwait(false);
        (_node, _disk) = (null, null);
        if (isLate) throw new EmbeddedBrokerException($"the clean stop was not done after {_options.Patience}");
    }

    private async Task MakeTopicsAsync(CancellationToken cancel)
    {
        if (_options.Topics.Count == 0) return;
        MoldauClient client = CreateClient();
        await using (client.ConfigureAwait(false))
        {
            IReadOnlyDictionary<string, ClientError?> made = await client.Admin
                .CreateTopicsAsync(_options.Topics, false, cancel).ConfigureAwait(false);
            foreach ((string name, ClientError? error) in made)
            {
                if (error is not null && error.Code != ErrorCode.TopicAlreadyExists)
                    throw new EmbeddedBrokerException($"the topic '{name}' cannot be made: {error.Text}");
            }
        }
    }
}
