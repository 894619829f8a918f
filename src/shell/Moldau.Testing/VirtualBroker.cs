using Moldau.Base;
using Moldau.Broker;
using Moldau.Client;
using Moldau.Protocol;
using Moldau.Sim;

namespace Moldau.Testing;

/// <summary>A whole broker and its clients in a world of their own: the real node and the real client under one virtual
/// clock, with a simulated network and disk; no socket, no file. Time flows by itself as the real one does, so that what is
/// awaited comes; <see cref="AdvanceAsync"/> lets days pass in milliseconds. Safe for use by many threads.</summary>
/// <example><code>
/// await using var broker = await VirtualBroker.StartAsync();
/// await using var client = broker.CreateClient();
/// await broker.AdvanceAsync(TimeSpan.FromDays(7));
/// </code></example>
public sealed class VirtualBroker : IAsyncDisposable
{
    private const int Port = 9092;
    private const long StartNs = 120_000_000_000;

    private readonly WorldThread _world;
    private readonly VirtualNetwork _network;
    private readonly SimNode _node;
    private readonly ulong _seed;
    private int _clients;

    private VirtualBroker(VirtualOptions options)
    {
        _seed = options.Seed;
        VirtualNode machines = new(options);
        machines.Check();
        SimWorld world = new(options.Seed);
        _node = new SimNode(world, machines.Create) { WaitsForReady = true };
        // A calm world: what goes wrong is what the test asks for.
        (_node.Temper.LateAppends, _node.Temper.DiskDelayNs, _node.Temper.MailDelayNs) = (0, 20_000, 1_000);
        world.Network.RareDelayNs = 1_000;
        _world = new WorldThread(world);
        _network = new VirtualNetwork(_world, _node);
        Time = new VirtualTime(_world);
    }

    /// <summary>The world's clock: what clients and broker go by, and code under test may.</summary>
    public TimeProvider Time { get; }

    /// <summary>What clients made by <see cref="CreateClient"/> have as <c>bootstrap.servers</c>; it leads nowhere
    /// else.</summary>
    public string BootstrapServers => $"localhost:{Port}";

    /// <summary>Starts a broker and returns when it serves clients and its topics are there.</summary>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancel">Gives the start up.</param>
    /// <exception cref="VirtualBrokerException">It cannot start so; the text says why.</exception>
    public static async Task<VirtualBroker> StartAsync(VirtualOptions? options = null, CancellationToken cancel = default)
    {
        options ??= new VirtualOptions();
        VirtualBroker broker = new(options);
        try
        {
            await broker.RestartAsync().ConfigureAwait(false);
            await broker.MakeTopicsAsync(options, cancel).ConfigureAwait(false);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A client in this world. Disposing of it is the caller's, before the broker.</summary>
    /// <param name="settings">Changes the client's settings; null leaves the defaults.</param>
    public MoldauClient CreateClient(Func<ClientSettings, ClientSettings>? settings = null)
    {
        ClientSettings made = new() { BootstrapServers = [new BrokerAddress("localhost", Port)] };
        ulong seed = _seed * 1000 + (ulong)Interlocked.Increment(ref _clients);
        return new MoldauClient(settings is null ? made : settings(made), _network, Time, seed);
    }

    /// <summary>Lets so much time pass: everything that is due meanwhile happens in its order, at broker and clients alike.
    /// Code of the test that is woken by it gets its turn, and sees time pass while it runs.</summary>
    /// <param name="by">Not negative.</param>
    /// <exception cref="VirtualBrokerException">Something went wrong in the world that must not.</exception>
    public Task AdvanceAsync(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        return _world.DoAsync(world => _world.Advance(world, by.Ticks * 100));
    }

    /// <summary>Nothing gets through any more, in either direction, without a word to anyone, until
    /// <see cref="HealAsync"/>.</summary>
    /// <param name="client">Of this client only; null: of all.</param>
    public Task CutLinksAsync(MoldauClient? client = null) => _world.DoAsync(_ => _network.Cut(client?.Driver));

    /// <summary>Requests arrive and are worked on, but no answer comes back, until <see cref="HealAsync"/>.</summary>
    public Task DropAnswersAsync() => _world.DoAsync(_ => _network.DropAnswers());

    /// <summary>The network is whole again; connections that were cut turn out to be dead.</summary>
    public Task HealAsync() => _world.DoAsync(_network.Heal);

    /// <summary>Resets the connections that are open now.</summary>
    public Task BreakLinksAsync() => _world.DoAsync(_ => _network.Break());

    /// <summary>Holds the broker up, as SIGSTOP does: its connections stay and nothing of it runs.</summary>
    public Task PauseAsync() => _world.DoAsync(_ => _node.Hold());

    /// <summary>Ends a pause.</summary>
    public Task ResumeAsync() => _world.DoAsync(_ => _node.GoOn());

    /// <summary>Ends the broker without a clean end.</summary>
    /// <param name="losesPower">What was not flushed to the disk is lost in part or in whole, as the seed decides; else
    /// everything that was written stays, as after kill -9.</param>
    public Task KillAsync(bool losesPower = false) => _world.DoAsync(_ =>
    {
        if (losesPower) _node.LosePower();
        else _node.Kill();
    });

    /// <summary>Starts a broker that was killed, and returns when it serves clients.</summary>
    /// <exception cref="VirtualBrokerException">It does not start on its data.</exception>
    public Task RestartAsync() => _world.DoAsync(world =>
    {
        if (_node.State != SimNodeState.Down) return;
        _node.Start();
        if (!_world.RunUntil(world.Clock.NowNs + StartNs, () => _node.IsServing))
            throw new VirtualBrokerException(world.Failure ?? $"the broker does not serve: {_node.Halted ?? "it is not ready"}");
    });

    /// <summary>Ends the world.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _world.DoAsync(_ => _node.Kill()).ConfigureAwait(false);
        }
        catch (Exception e) when (e is VirtualBrokerException or ObjectDisposedException)
        {
            // It has failed before, and whoever asked was told.
        }

        await Task.Run(_world.Dispose).ConfigureAwait(false);
    }

    private async Task MakeTopicsAsync(VirtualOptions options, CancellationToken cancel)
    {
        if (options.Topics.Count == 0) return;
        MoldauClient client = CreateClient();
        await using (client.ConfigureAwait(false))
        {
            var made = await client.Admin.CreateTopicsAsync(options.Topics, false, cancel).ConfigureAwait(false);
            foreach ((string name, ClientError? error) in made)
                if (error is not null) throw new VirtualBrokerException($"the topic '{name}' cannot be made: {error.Text}");
        }
    }
}
