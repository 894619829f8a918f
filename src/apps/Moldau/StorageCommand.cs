using System.Globalization;
using System.Security.Cryptography;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Runtime;
using Moldau.Storage;

namespace Moldau;

/// <summary><c>moldau storage</c>: what kafka-storage.sh does.</summary>
internal static class StorageCommand
{
    public static int Run(string[] args)
    {
        string verb = args.Length == 0 ? "" : args[0];
        string[] rest = args.Length == 0 ? [] : args[1..];
        return verb switch
        {
            "format" => Format(rest),
            "info" => Info(rest),
            "random-uuid" when rest.Length == 0 => RandomUuid(),
            _ => throw new CommandException($"'storage {string.Join(' ', args)}' is no command: format, info, random-uuid", ExitCodes.Usage),
        };
    }

    private static int RandomUuid()
    {
        Console.WriteLine(NewPrng().NextUuid());
        return 0;
    }

    private static Prng NewPrng() => new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));

    private static int Format(string[] args)
    {
        Arguments arguments = Arguments.Parse(
            "storage format",
            args,
            [
                "-t", "--cluster-id", "-c", "--config", "-r", "--release-version", "-f", "--feature",
                "-I", "--initial-controllers", "-S", "--add-scram",
            ],
            ["-s", "--standalone", "-g", "--ignore-formatted", "-N", "--no-initial-controllers"]);
        TakeNoOperands(arguments, "storage format");
        RefuseWhatIsNotThere(arguments);
        string clusterId = arguments.Value("-t", "--cluster-id") ?? NodeSettings.NewClusterId
            ?? throw new CommandException("'storage format' needs -t ID or the variable CLUSTER_ID; 'moldau storage random-uuid' makes one", ExitCodes.Usage);
        NodeSettings settings = Settings(arguments, "storage format");
        bool isStandalone = arguments.Has("-s", "--standalone");
        bool hasNoControllers = arguments.Has("-N", "--no-initial-controllers");
        if (isStandalone && hasNoControllers)
            throw new CommandException("--standalone and --no-initial-controllers exclude each other", ExitCodes.Usage);
        if ((isStandalone || hasNoControllers) && settings.Config.ControllerQuorumVoters.Count > 0)
            throw new CommandException("controller.quorum.voters names the voters already; leave --standalone and --no-initial-controllers out");
        if (!isStandalone && !hasNoControllers && settings.Config.IsController && settings.Config.ControllerQuorumVoters.Count == 0)
            throw new CommandException("controller.quorum.voters is not set, so the first voter must be named: --standalone makes it this node");
        FormatRequest request = new(clusterId, settings.Config) { IsStandalone = isStandalone };
        if (arguments.Value("-r", "--release-version") is { } release) request = request with { Version = VersionOf(release) };
        if (arguments.Values("-f", "--feature") is { Count: > 0 } features) request = request with { Features = FeaturesOf(features) };
        try
        {
            bool ignoresFormatted = arguments.Has("-g", "--ignore-formatted");
            long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            foreach (string note in NodeFormat.Run(new FileDisk(), request, ignoresFormatted, NewPrng(), now)) Console.WriteLine(note);
        }
        catch (BootException e)
        {
            throw new CommandException(e.Message);
        }

        return 0;
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

    private static void RefuseWhatIsNotThere(Arguments arguments)
    {
        if (arguments.Value("-I", "--initial-controllers") is not null)
            throw new CommandException("--initial-controllers is not supported: this version runs quorums of one controller; use --standalone");
        if (arguments.Value("-S", "--add-scram") is not null)
            throw new CommandException("--add-scram is not supported: this version does not serve SASL listeners");
    }

    private static void TakeNoOperands(Arguments arguments, string command)
    {
        if (arguments.Operands.Count > 0)
            throw new CommandException($"'{command}' takes no '{arguments.Operands[0]}'; see 'moldau help'", ExitCodes.Usage);
    }

    private static NodeSettings Settings(Arguments arguments, string command)
    {
        string path = arguments.Value("-c", "--config") ?? throw new CommandException($"'{command}' needs -c FILE", ExitCodes.Usage);
        return NodeSettings.Resolve(StartCommand.ReadProperties(path), arguments.Set, isStrict: false);
    }

    private static int Info(string[] args)
    {
        Arguments arguments = Arguments.Parse("storage info", args, ["-c", "--config"], []);
        TakeNoOperands(arguments, "storage info");
        NodeSettings settings = Settings(arguments, "storage info");
        BrokerConfig config = settings.Config;
        FileDisk disk = new();
        bool isFormatted = true;
        Console.WriteLine("Log directories:");
        foreach (string directory in config.LogDirs.Append(config.MetadataLogDir).Distinct(StringComparer.Ordinal))
        {
            byte[]? bytes = disk.DirectoryExists(directory) ? DiskFiles.ReadWhole(disk, $"{directory}/meta.properties") : null;
            isFormatted &= bytes is not null;
            string? problem = null;
            Storage.MetaProperties? meta = bytes is null ? null : Storage.MetaProperties.TryDecode(bytes, out problem);
            Console.WriteLine(meta is null
                ? $"  {directory}: {problem ?? "not formatted"}"
                : $"  {directory}: cluster.id={meta.ClusterId} node.id={meta.NodeId} directory.id={meta.DirectoryId}");
        }

        return isFormatted ? 0 : ExitCodes.Failed;
    }
}
