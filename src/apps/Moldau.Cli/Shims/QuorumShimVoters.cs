using System.Globalization;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-metadata-quorum.sh add-controller</c> and <c>remove-controller</c></summary>
internal static class QuorumShimVoters
{
    private const int UuidBytes = 16;
    private const int LongestUuid = 24;
    private const string NoController = "Is this a valid controller configuration file?";

    /// <summary>Gives the controller of a configuration file a vote; it runs beside its files.</summary>
    public static async Task AddAsync(ShimContext context)
    {
        string file = context.Arguments.Value("command-config")
            ?? throw new ShimFailedException("You must supply the configuration file of the controller you are adding when using add-controller.");
        Dictionary<string, string> properties = Properties(file);
        context.AddProperties(properties, isOfNode: true);
        int id = NodeId(properties);
        Uuid directory = DirectoryId(MetadataDirectory(properties));
        QuorumEndpoint[] endpoints = [.. Endpoints(properties)];
        bool isDry = context.Arguments.Has("dry-run");
        if (!isDry)
        {
            await context.ConnectAsync("addRaftVoter").ConfigureAwait(false);
            await context.Admin.Quorum.AddVoterAsync(id, directory, endpoints, cancel: context.Cancel).ConfigureAwait(false);
        }

        context.Out.WriteLine(
            $"{(isDry ? "DRY RUN of adding" : "Added")} controller {id} with directory id {directory} and endpoints: "
            + string.Join(", ", endpoints.Select(e => $"{e.Listener}://{e.Address}")));
    }

    /// <summary>Takes the vote of a controller and its directory.</summary>
    public static async Task RemoveAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        string? number = arguments.Value("controller-id");
        string directoryText = arguments.Value("controller-directory-id")
            ?? throw new ShimUsageException("argument --controller-directory-id/-d is required");
        if (number is null) throw new ShimUsageException("argument --controller-id/-i is required");
        if (!int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int id))
            throw new ShimUsageException($"argument --controller-id/-i: could not convert '{number}' to Integer (For input string: \"{number}\")");
        if (id < 0) throw new ShimFailedException($"Invalid negative --controller-id: {id}");
        Uuid directory = ParseDirectory(directoryText);
        bool isDry = arguments.Has("dry-run");
        if (!isDry)
        {
            if (arguments.Value("command-config") is { } file) context.AddProperties(Properties(file), isOfNode: true);
            await context.ConnectAsync("removeRaftVoter").ConfigureAwait(false);
            await context.Admin.Quorum.RemoveVoterAsync(id, directory, cancel: context.Cancel).ConfigureAwait(false);
        }

        // Kafka's own text has two spaces there.
        context.Out.WriteLine($"{(isDry ? "DRY RUN of removing " : "Removed ")} KRaft controller {id} with directory id {directory}");
    }

    /// <summary>The properties of <c>--command-config</c>.</summary>
    public static Dictionary<string, string> Properties(string file) => File.Exists(file)
        ? ShimContext.ReadProperties(file)
        : throw new ShimFailedException($"Properties file {file} does not exists!");

    private static int NodeId(Dictionary<string, string> properties)
    {
        if (!properties.TryGetValue("node.id", out string? text))
            throw new ShimFailedException($"node.id not found in configuration file. {NoController}");
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int id))
            throw new ShimFailedException($"For input string: \"{text}\"");
        if (id < 0) throw new ShimFailedException($"node.id was negative in configuration file. {NoController}");
        return properties.GetValueOrDefault("process.roles", "").Contains("controller", StringComparison.Ordinal)
            ? id
            : throw new ShimFailedException($"process.roles did not contain 'controller' in configuration file. {NoController}");
    }

    private static string MetadataDirectory(Dictionary<string, string> properties) =>
        properties.GetValueOrDefault("metadata.log.dir") ?? properties.GetValueOrDefault("log.dirs")?.Trim().Split(',')[0]
        ?? throw new ShimFailedException($"Neither metadata.log.dir nor log.dirs were found. {NoController}");

    private static Uuid DirectoryId(string directory)
    {
        string file = Path.Combine(directory, "meta.properties");
        if (!File.Exists(file)) throw new ShimFailedException($"Unable to read meta.properties from {directory}");
        return ShimContext.ReadProperties(file).TryGetValue("directory.id", out string? text) && Uuid.TryParse(text, out Uuid id)
            ? id
            : throw new ShimFailedException($"No directory id found in {directory}");
    }

    /// <summary>Where the controller says that it listens for controllers: what it advertises goes before where it listens.</summary>
    private static IEnumerable<QuorumEndpoint> Endpoints(Dictionary<string, string> properties)
    {
        Dictionary<string, QuorumEndpoint> listeners = new(StringComparer.Ordinal);
        foreach (string key in (string[])["listeners", "advertised.listeners"])
        {
            foreach (string text in properties.GetValueOrDefault(key, "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                QuorumEndpoint endpoint = Endpoint(text);
                listeners[endpoint.Listener] = endpoint;
            }
        }

        string names = properties.GetValueOrDefault("controller.listener.names")
            ?? throw new ShimFailedException($"controller.listener.names was not found. {NoController}");
        foreach (string name in names.Split(',').Select(n => n.Trim().ToUpperInvariant()).Distinct())
        {
            yield return listeners.GetValueOrDefault(name)
                ?? throw new ShimFailedException($"Cannot find information about controller listener name: {name}");
        }
    }

    private static QuorumEndpoint Endpoint(string text)
    {
        int name = text.IndexOf("://", StringComparison.Ordinal);
        int port = text.LastIndexOf(':');
        bool isNumber = ushort.TryParse(text[(port + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort number);
        if (name < 1 || port < name + 3 || !isNumber)
            throw new ShimFailedException($"Unable to parse {text} to a broker endpoint");
        string host = text[(name + 3)..port].Trim('[', ']');
        return new QuorumEndpoint(text[..name].ToUpperInvariant(), new BrokerAddress(host.Length > 0 ? host : "localhost", number));
    }

    private static Uuid ParseDirectory(string text)
    {
        const string Failed = "Failed to parse --controller-directory-id: ";
        if (text.Length > LongestUuid)
            throw new ShimFailedException($"{Failed}Input string with prefix `{text[..LongestUuid]}` is too long to be decoded as a base64 UUID");
        string letters = text.TrimEnd('=');
        foreach (char letter in letters)
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not '-' and not '_') throw new ShimFailedException($"{Failed}Illegal base64 character {(int)letter:x}");
        int bytes = letters.Length * 3 / 4;
        return bytes == UuidBytes && Uuid.TryParse(letters, out Uuid id)
            ? id
            : throw new ShimFailedException(
                $"{Failed}Input string `{text}` decoded as {bytes} bytes, which is not equal to the expected {UuidBytes} bytes of a base64-encoded UUID");
    }
}
