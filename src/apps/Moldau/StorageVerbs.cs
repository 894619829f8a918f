using System.Globalization;
using System.Security.Cryptography;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Runtime;
using Moldau.Storage;

namespace Moldau;

/// <summary><c>moldau storage</c>: what kafka-storage.sh does.</summary>
internal static class StorageVerbs
{
    private static readonly Option ConfigFile = new("--config", "-c", "FILE", "the node's server.properties");

    private static readonly Option Set = new("--set", null, "NAME=VALUE", "goes before file and environment; may be repeated");

    private static readonly Column[] FormatColumns =
        [new("directory"), new("status"), new("clusterId"), new("metadataVersion", true)];

    private static readonly Column[] InfoColumns =
        [new("directory"), new("status"), new("clusterId"), Column.Number("nodeId"), new("directoryId")];

    public static readonly Command Format = new("storage format", "-c FILE", "prepare the log directories of a node", FormatAsync)
    {
        MaxOperands = 0,
        Columns = FormatColumns,
        Options =
        [
            new("--cluster-id", "-t", "ID", "the id of the cluster ('moldau storage random-uuid'; CLUSTER_ID)"),
            ConfigFile,
            new("--standalone", "-s", null, "this node is the first voter of the quorum"),
            new("--no-initial-controllers", "-N", null, "the node learns the voters from the others"),
            new("--initial-controllers", "-I", "LIST", "not supported yet"),
            new("--ignore-formatted", "-g", null, "what is formatted already stays as it is"),
            new("--release-version", "-r", "VERSION", "metadata version, such as 4.4 or 4.4-IV2"),
            new("--feature", "-f", "NAME=LEVEL", "level of a feature; may be repeated"),
            new("--add-scram", "-S", "SCRAM", "not supported yet"),
            Set,
        ],
        Details = "A node formats empty folders itself when it starts, unless moldau.storage.auto.format is false.",
        Example = "moldau storage format -t $(moldau storage random-uuid) -s -c server.properties",
    };

    public static readonly Command Info = new("storage info", "-c FILE", "what the log directories of a node hold", InfoAsync)
    {
        MaxOperands = 0,
        Columns = InfoColumns,
        Options = [ConfigFile, Set],
        Example = "moldau storage info -c server.properties -o json",
    };

    public static readonly Command RandomUuid = new("storage random-uuid", "", "an id for a new cluster", _ =>
    {
        Console.WriteLine(NewPrng().NextUuid());
        return Task.FromResult(ExitCodes.Ok);
    })
    {
        MaxOperands = 0,
        Example = "moldau storage random-uuid",
    };

    private static Prng NewPrng() => new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));

    private static Task<int> FormatAsync(CommandContext context)
    {
        CommandLineArguments arguments = context.Arguments;
        RefuseWhatIsNotThere(arguments);
        string clusterId = arguments.Value("--cluster-id") ?? NodeSettings.NewClusterId
            ?? throw new CommandException("'storage format' needs -t ID or the variable CLUSTER_ID; 'moldau storage random-uuid' makes one", ExitCodes.Usage);
        NodeSettings settings = Settings(arguments, "storage format");
        bool isStandalone = arguments.Has("--standalone");
        bool hasNoControllers = arguments.Has("--no-initial-controllers");
        if (isStandalone && hasNoControllers)
            throw new CommandException("--standalone and --no-initial-controllers exclude each other", ExitCodes.Usage);
        if ((isStandalone || hasNoControllers) && settings.Config.ControllerQuorumVoters.Count > 0)
            throw new CommandException("controller.quorum.voters names the voters already; leave --standalone and --no-initial-controllers out");
        if (!isStandalone && !hasNoControllers && settings.Config.IsController && settings.Config.ControllerQuorumVoters.Count == 0)
            throw new CommandException("controller.quorum.voters is not set, so the first voter must be named: --standalone makes it this node");
        FormatRequest request = new(clusterId, settings.Config) { IsStandalone = isStandalone };
        if (arguments.Value("--release-version") is { } release) request = request with { Version = VersionOf(release) };
        if (arguments.Values("--feature") is { Count: > 0 } features) request = request with { Features = FeaturesOf(features) };
        context.Show(Run(request, arguments.Has("--ignore-formatted")));
        return Task.FromResult(ExitCodes.Ok);
    }

    private static CommandResult Run(FormatRequest request, bool ignoresFormatted)
    {
        FileDisk disk = new();
        string[] directories = Directories(request.Config);
        HashSet<string> before = [.. directories.Where(d => Meta(disk, d, out _) is not null)];
        try
        {
            NodeFormat.Run(disk, request, ignoresFormatted, NewPrng(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        }
        catch (BootException e)
        {
            throw new CommandException(e.Message);
        }

        CommandResult result = new(FormatColumns);
        foreach (string directory in directories)
        {
            bool isOld = before.Contains(directory);
            result.Add(
                directory, isOld ? "was formatted" : "formatted", Meta(disk, directory, out _)?.ClusterId,
                isOld ? null : request.Version.ToString());
        }

        return result;
    }

    private static Task<int> InfoAsync(CommandContext context)
    {
        NodeSettings settings = Settings(context.Arguments, "storage info");
        FileDisk disk = new();
        bool isFormatted = true;
        CommandResult result = new(InfoColumns);
        foreach (string directory in Directories(settings.Config))
        {
            Storage.MetaProperties? meta = Meta(disk, directory, out string? problem);
            isFormatted &= meta is not null;
            result.Add(
                directory, meta is null ? problem ?? "not formatted" : "formatted", meta?.ClusterId, meta?.NodeId,
                meta?.DirectoryId?.ToString());
        }

        context.Show(result);
        return Task.FromResult(isFormatted ? ExitCodes.Ok : ExitCodes.Failed);
    }

    /// <summary>What <c>kafka-storage.sh info</c> says of the directories of a configuration file.</summary>
    public static int Tell(string file, TextWriter output)
    {
        NodeSettings settings = NodeSettings.Resolve(StartCommand.ReadProperties(file), new(StringComparer.Ordinal), isStrict: false);
        FileDisk disk = new();
        string[] directories = Directories(settings.Config);
        output.WriteLine(directories.Length == 1 ? "Found log directory:" : "Found log directories:");
        foreach (string directory in directories) output.WriteLine($"  {directory}");
        output.WriteLine();
        List<string> problems = [];
        foreach (string directory in directories)
        {
            if (Meta(disk, directory, out string? problem) is { } meta)
                output.WriteLine(
                    $"Found metadata: {{cluster.id={meta.ClusterId}, directory.id={meta.DirectoryId}, node.id={meta.NodeId}, version=1}}\n");
            else
                problems.Add(problem ?? $"{directory} is not formatted.");
        }

        if (problems.Count == 0) return ExitCodes.Ok;
        output.WriteLine(problems.Count == 1 ? "Found problem:" : "Found problems:");
        foreach (string problem in problems) output.WriteLine($"  {problem}");
        output.WriteLine();
        return ExitCodes.Failed;
    }

    private static string[] Directories(BrokerConfig config) =>
        [.. config.LogDirs.Append(config.MetadataLogDir).Distinct(StringComparer.Ordinal)];

    private static Storage.MetaProperties? Meta(FileDisk disk, string directory, out string? problem)
    {
        problem = null;
        byte[]? bytes = disk.DirectoryExists(directory) ? DiskFiles.ReadWhole(disk, $"{directory}/{LogFileNames.MetaProperties}") : null;
        return bytes is null ? null : Storage.MetaProperties.TryDecode(bytes, out problem);
    }

    private static MetadataVersion VersionOf(string release) =>
        MetadataVersion.TryParse(release, out MetadataVersion version)
            ? version
            : throw new CommandException($"'{release}' is no release or metadata version that this node knows (such as 4.4 or 4.4-IV2)");

    private static Dictionary<string, short> FeaturesOf(IReadOnlyList<string> texts)
    {
        Dictionary<string, short> features = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            if (!ConfigLayers.TryParseFlag(text, out string name, out string level)
                || !short.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out short number))
                throw new CommandException($"'--feature {text}' is not of the form name=level", ExitCodes.Usage);
            features[name] = number;
        }

        return features;
    }

    private static void RefuseWhatIsNotThere(CommandLineArguments arguments)
    {
        if (arguments.Value("--initial-controllers") is not null)
            throw new CommandException("--initial-controllers is not supported: this version runs quorums of one controller; use --standalone");
        if (arguments.Value("--add-scram") is not null)
            throw new CommandException("--add-scram is not supported: this version does not serve SASL listeners");
    }

    private static NodeSettings Settings(CommandLineArguments arguments, string command)
    {
        string path = arguments.Value("--config") ?? throw new CommandException($"'{command}' needs -c FILE", ExitCodes.Usage);
        return NodeSettings.Resolve(StartCommand.ReadProperties(path), arguments.Pairs("--set"), isStrict: false);
    }
}
