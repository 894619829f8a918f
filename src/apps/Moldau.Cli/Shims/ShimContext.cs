using Moldau.Base;
using Moldau.Client;
using Moldau.Config;

namespace Moldau.Cli.Shims;

/// <summary>What a shim has at hand.</summary>
internal sealed class ShimContext : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

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

    public TextWriter Out => Console.Out;

    public TextWriter Error => Console.Error;

    /// <summary>The client of the cluster that <c>--bootstrap-server</c> names.</summary>
    public MoldauClient Client => _client ??= new MoldauClient(Settings);

    /// <summary>The same for scripts that ask and end: see <see cref="MoldauClient.OfCaller"/>.</summary>
    public MoldauClient Asking => _asking ??= Door.Fits(Settings) ? MoldauClient.OfCaller(Settings, _door) : Client;

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
    public void AddProperties(IReadOnlyDictionary<string, string> properties)
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
                if (name != "bootstrap.servers" && !IsJavaOnly(name)) Error.WriteLine($"WARN These configurations '[{name}]' were supplied but are not used yet.");
            }
        }
    }

    /// <summary>Adds the properties of a file.</summary>
    public void AddPropertiesFile(string? path)
    {
        if (path is null) return;
        if (!File.Exists(path)) throw new ShimUsageException($"{path} (No such file or directory)");
        if (!PropertiesFile.TryParse(File.ReadAllText(path), out Dictionary<string, string> properties, out string? error))
            throw new ShimUsageException($"{path}: {error}");
        AddProperties(properties);
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
            throw new MoldauException(new ClientError(Protocol.ErrorCode.RequestTimedOut, $"Timed out waiting for a node assignment. Call: {call}"));
    }

    public async ValueTask DisposeAsync()
    {
        _door?.Socket.Dispose();
        if (_asking is not null) await _asking.DisposeAsync().ConfigureAwait(false);
        if (_client is not null) await _client.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Classes of the JVM, which mean what is done here anyway or nothing.</summary>
    private static bool IsJavaOnly(string name) => name is "key.serializer" or "value.serializer" or "key.deserializer" or "value.deserializer";
}
