using Moldau.Base;
using Moldau.Client;
using Moldau.Config;
using Moldau.Records;

namespace Moldau.Cli;

/// <summary>Properties of Kafka's clients, as <c>-X</c> and <c>--command-config</c> give them, over what a command line wants
/// where nothing is said.</summary>
internal sealed class ClientProperties
{
    private readonly ClientConfiguration _given;

    public ClientProperties(Dictionary<string, string> given)
    {
        _given = given.Count == 0
            ? ClientConfiguration.Read([])
            : Reading(() => ClientConfiguration.Read(given.Select(p => new KeyValuePair<string, string?>(p.Key, p.Value))));
        Reading(() =>
        {
            _given.Check();
            return true;
        });
    }

    /// <summary>What was given and changes nothing.</summary>
    public IReadOnlyList<UnusedProperty> Unused => _given.Unused;

    /// <summary><c>bootstrap.servers</c>; null where it was not given.</summary>
    public string? Bootstrap =>
        _given.Has("bootstrap.servers") ? string.Join(',', _given.ToClientSettings().BootstrapServers) : null;

    /// <summary><c>group.id</c>; null where it was not given.</summary>
    public string? GroupId => _given.Apply(new ConsumerOptions()).GroupId;

    public IsolationLevel Isolation => _given.Apply(new ConsumerOptions()).IsolationLevel;

    /// <summary>A file of properties, with single ones over it.</summary>
    /// <exception cref="CommandException">The file cannot be read.</exception>
    public static Dictionary<string, string> Merge(string? file, Dictionary<string, string> single)
    {
        if (file is null) return single;
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"'--command-config {file}' cannot be read: {error.Message}", ExitCodes.Usage);
        }

        if (!PropertiesFile.TryParse(text, out Dictionary<string, string> properties, out string? problem))
            throw new CommandException($"'--command-config {file}': {problem}", ExitCodes.Usage);
        foreach ((string name, string value) in single) properties[name] = value;
        return properties;
    }

    public ClientSettings Client(IReadOnlyList<BrokerAddress> bootstrap, TimeSpan timeout)
    {
        Duration limit = Duration.FromMs((long)timeout.TotalMilliseconds);
        ClientSettings defaults = new() { BootstrapServers = bootstrap, ApiTimeout = limit };
        if (limit < defaults.RequestTimeout) defaults = defaults with { RequestTimeout = limit };
        return _given.Apply(defaults) with { BootstrapServers = bootstrap };
    }

    public ProducerOptions Producer(TimeSpan timeout, string? codec)
    {
        Duration limit = Duration.FromMs((long)timeout.TotalMilliseconds);
        ProducerOptions options = _given.Apply(new ProducerOptions { MaxBlock = limit, DeliveryTimeout = limit });
        if (codec is null) return options;
        CompressionCodec compression = Codec(codec);
        return compression == options.Compression
            ? options
            : options with { Compression = compression, CompressionLevel = null };
    }

    public ConsumerOptions Consumer(string? group, OffsetReset reset)
    {
        ConsumerOptions options = _given.Apply(new ConsumerOptions { OffsetReset = reset, AllowAutoCreateTopics = false });
        return options with { GroupId = group ?? options.GroupId, CommitOnlyDone = true };
    }

    public ShareConsumerOptions ShareConsumer(string group) =>
        _given.Apply(new ShareConsumerOptions { GroupId = group }) with { GroupId = group };

    private static CompressionCodec Codec(string name)
    {
        try
        {
            return ClientConfiguration.Read([new("compression.type", name)]).Apply(new ProducerOptions()).Compression;
        }
        catch (FormatException error)
        {
            throw new CommandException($"there is no codec '{name}': {error.Message}", ExitCodes.Usage);
        }
    }

    private static T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException error)
        {
            throw new CommandException(error.Message, ExitCodes.Usage);
        }
    }
}
