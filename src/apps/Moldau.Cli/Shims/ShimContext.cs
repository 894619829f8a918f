using Moldau.Base;
using Moldau.Cli.Wire;
using Moldau.Client;
using Moldau.Config;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary>What a shim has at hand.</summary>
internal sealed class ShimContext : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const sbyte OfControllers = 2;

    private readonly Dictionary<string, string> _properties = new(StringComparer.Ordinal);
    private IReadOnlyList<BrokerAddress> _addresses = [];
    private OpenConnection? _door;
    private MoldauClient? _client;
    private MoldauClient? _asking;

    public ShimContext(Shim shim, ShimArguments arguments, string[] words, CancellationToken cancel) =>
        (Shim, Arguments, Words, Cancel) = (shim, arguments, words, cancel);

    public Shim Shim { get; }

    public ShimArguments Arguments { get; }

    /// <summary>The command line as it was given.</summary>
    public string[] Words { get; }

    public CancellationToken Cancel { get; }

    /// <summary>True where the connection is one to the active controller itself: what brokers would pass on goes there.</summary>
    public bool IsAtController { get; private set; }

    /// <summary>Who answers what the active controller decides.</summary>
    public CallTarget Controller => IsAtController ? CallTarget.Any : CallTarget.Controller;

    public TextWriter Out => Console.Out;

    public TextWriter Error => Console.Error;

    /// <summary>The client of the cluster that <c>--bootstrap-server</c> names.</summary>
    public MoldauClient Client => _client ??= Watched(new MoldauClient(Settings));

    /// <summary>The same for scripts that ask and end: see <see cref="MoldauClient.OfCaller"/>.</summary>
    public MoldauClient Asking => _asking ??= Door.Fits(Settings) ? Watched(MoldauClient.OfCaller(Settings, _door)) : Client;

    /// <summary>The administration of that cluster.</summary>
    public AdminClient Admin => Asking.Admin;

    private ClientSettings Settings => _door is not null
        ? Properties.Client(_addresses, Patience)
        : throw new InvalidOperationException("the shim has not connected yet");

    public ClientProperties Properties => new(_properties);

    /// <summary>What a script's consumer is to do: the classic protocol where nobody says otherwise, as Kafka's default is.</summary>
    public ConsumerOptions Consumer(string? group, OffsetReset reset)
    {
        ConsumerOptions options = Properties.Consumer(group, reset);
        return options with { GroupProtocol = options.GroupProtocol ?? GroupProtocol.Classic };
    }

    /// <summary>Adds properties of clients; those that this client does not have are passed over, as Kafka's do.</summary>
    /// <param name="properties">What a file or options say.</param>
    /// <param name="isOfNode">They are a node's: most of them are not meant for a client.</param>
    public void AddProperties(IReadOnlyDictionary<string, string> properties, bool isOfNode = false)
    {
        foreach ((string name, string value) in properties)
        {
            try
            {
                _ = new ClientProperties(new Dictionary<string, string> { [name] = value });
                _properties[name] = value;
            }
            catch (CommandException)
            {
                if (!isOfNode && name != "bootstrap.servers" && !IsJavaOnly(name)) Error.WriteLine($"WARN These configurations '[{name}]' were supplied but are not used yet.");
            }
        }
    }

    /// <summary>A property that was added; null where none was.</summary>
    public string? Property(string name) => _properties.GetValueOrDefault(name);

    /// <summary>Counts what passes where <c>--print-metrics</c> asks for it; null where it does not.</summary>
    public WireMeter? Meter { get; private set; }

    public string ClientId => Property("client.id") ?? "";

    /// <summary>For scripts that measure: they have a name of their own in the brokers' logs and quotas. To be called before a
    /// client is asked for.</summary>
    public void BeMeasured(string clientId)
    {
        _properties.TryAdd("client.id", clientId);
        if (Arguments.Has("print-metrics")) Meter = new WireMeter(WireTrace.OfEnvironment());
    }

    /// <summary>Tells of an option that has a new name.</summary>
    /// <exception cref="ShimUsageException">Both are given.</exception>
    public void Deprecated(string old, string now)
    {
        if (!Arguments.Has(old)) return;
        if (Arguments.Has(now)) throw new ShimUsageException($"Options --{old} and --{now} cannot be specified together.");
        Out.WriteLine($"Option --{old} is deprecated and will be removed in a future version. Use --{now} instead.");
    }

    /// <summary>The file that an option names, or its older name does; null where neither is given.</summary>
    /// <exception cref="ShimUsageException">Both are.</exception>
    public string? OneFile(string old, string now)
    {
        if (!Arguments.Has(old)) return Arguments.Value(now);
        if (Arguments.Has(now)) throw new ShimUsageException($"Options --{old} and --{now} are mutually exclusive.");
        Out.WriteLine($"Option --{old} has been deprecated and will be removed in a future version. Use --{now} instead.");
        Out.Flush();
        return Arguments.Value(old);
    }

    /// <summary>Adds the properties of a file.</summary>
    public void AddPropertiesFile(string? path)
    {
        if (path is not null) AddProperties(ReadProperties(path));
    }

    /// <summary>The properties of a file.</summary>
    public static Dictionary<string, string> ReadProperties(string path)
    {
        if (!File.Exists(path)) throw new ShimFailedException(path);
        return PropertiesFile.TryParse(File.ReadAllText(path), out Dictionary<string, string> properties, out string? error)
            ? properties
            : throw new ShimUsageException($"{path}: {error}");
    }

    /// <summary>What <c>--bootstrap-server</c> or <c>--bootstrap-controller</c> names: one of them must be given.</summary>
    /// <exception cref="ShimUsageException">None is, or both.</exception>
    public string RequireAddress()
    {
        (string? server, string? controller) = (Arguments.Value("bootstrap-server"), Arguments.Value("bootstrap-controller"));
        if (server is not null && controller is not null)
            throw new ShimUsageException("argument --bootstrap-controller: not allowed with argument --bootstrap-server");
        return server ?? controller ?? throw new ShimUsageException(Shim.UsageStyle == UsageStyle.TextAlone
            ? "You must specify either --bootstrap-controller or --bootstrap-server."
            : "one of the arguments --bootstrap-server --bootstrap-controller is required");
    }

    /// <summary>Connects to the brokers, or to the active one of the controllers, that the options name.</summary>
    /// <exception cref="MoldauException">Nobody listens there.</exception>
    public async Task ConnectAsync(string call)
    {
        string address = RequireAddress();
        Connect(address, call);
        if (!Arguments.Has("bootstrap-controller")) return;
        IsAtController = true;
        DescribeClusterResponse cluster = await DescribeControllersAsync().ConfigureAwait(false);
        if (cluster.Brokers.FirstOrDefault(b => b.BrokerId == cluster.ControllerId) is not { } active) return;
        BrokerAddress there = new(active.Host, active.Port);
        if (_door is { } door && door.Address == there) return;
        await CloseAsync().ConfigureAwait(false);
        Connect(there.ToString(), call);
    }

    /// <summary>Connects to the brokers of an option.</summary>
    /// <exception cref="ShimUsageException">No address is right.</exception>
    /// <exception cref="MoldauException">Nobody listens there.</exception>
    public void Connect(string bootstrap, string call)
    {
        IReadOnlyList<BrokerAddress> addresses;
        try
        {
            addresses = BrokerAddresses.Parse(bootstrap);
        }
        catch (FormatException)
        {
            throw new ShimUsageException($"Invalid url in bootstrap.servers: {bootstrap}");
        }

        _addresses = addresses;
        _door = Door.Open(addresses, Patience, Cancel, (address, _) => Error.WriteLine(
            $"WARN Connection to node -1 ({address.Host}:{address.Port}) could not be established. Node may not be available."));
        if (_door is null)
            throw new MoldauException(new ClientError(ErrorCode.RequestTimedOut, $"Timed out waiting for a node assignment. Call: {call}"));
    }

    /// <summary>The controllers, as the one that was connected to knows them.</summary>
    public async Task<DescribeClusterResponse> DescribeControllersAsync()
    {
        DescribeClusterResponse cluster = await Asking.AskAsync<DescribeClusterRequest, DescribeClusterResponse>(
            CallTarget.Any, _ => new DescribeClusterRequest { EndpointType = OfControllers }, Cancel).ConfigureAwait(false);
        ErrorCode code = ErrorCodes.FromWire(cluster.ErrorCode);
        return code == ErrorCode.None
            ? cluster
            : throw new MoldauException(ClientError.Of(code, cluster.ErrorMessage, "the controllers were not described"));
    }

    /// <summary>The cluster's id, of whom it was connected to.</summary>
    public async Task<string> ClusterIdAsync() => IsAtController
        ? (await DescribeControllersAsync().ConfigureAwait(false)).ClusterId
        : (await Admin.DescribeClusterAsync(Cancel).ConfigureAwait(false)).ClusterId;

    public ValueTask DisposeAsync() => CloseAsync();

    private MoldauClient Watched(MoldauClient made)
    {
        made.Driver.Watcher = (IWireWatcher?)Meter ?? WireTrace.OfEnvironment();
        return made;
    }

    private async ValueTask CloseAsync()
    {
        _door?.Socket.Dispose();
        if (_asking is not null) await _asking.DisposeAsync().ConfigureAwait(false);
        if (_client is not null) await _client.DisposeAsync().ConfigureAwait(false);
        (_door, _asking, _client) = (null, null, null);
    }

    /// <summary>Classes of the JVM, which mean what is done here anyway or nothing.</summary>
    private static bool IsJavaOnly(string name) => name is "key.serializer" or "value.serializer" or "key.deserializer" or "value.deserializer";
}
