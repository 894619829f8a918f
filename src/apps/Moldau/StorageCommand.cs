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
            "random-uuid" => RandomUuid(),
            _ => throw new CommandException($"'storage {verb}' is no command: format, info, random-uuid", Program.Usage),
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
            ["-t", "--cluster-id", "-c", "--config", "-r", "--release-version", "-f", "--feature"],
            ["-s", "--standalone", "-g", "--ignore-formatted", "-N", "--no-initial-controllers"]);
        string clusterId = arguments.Value("-t", "--cluster-id")
            ?? throw new CommandException("'storage format' needs -t ID; 'moldau storage random-uuid' makes one", Program.Usage);
        string path = arguments.Value("-c", "--config") ?? throw new CommandException("'storage format' needs -c FILE", Program.Usage);
        NodeSettings settings = NodeSettings.Resolve(StartCommand.ReadProperties(path), arguments.Set, isStrict: false);
        bool isStandalone = arguments.Has("-s") || arguments.Has("--standalone");
        if (!isStandalone && settings.Config.ControllerQuorumVoters.Count == 0)
            throw new CommandException("controller.quorum.voters is not set, so the first voter must be named: --standalone makes it this node");
        FormatRequest request = new(clusterId, settings.Config) { IsStandalone = isStandalone };
        if (arguments.Value("-r", "--release-version") is { } release) request = request with { Version = VersionOf(release) };
        if (arguments.Value("-f", "--feature") is { } feature) request = request with { Features = FeatureOf(feature) };
        try
        {
            bool ignoresFormatted = arguments.Has("-g") || arguments.Has("--ignore-formatted");
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

    private static Dictionary<string, short> FeatureOf(string text) =>
        ConfigLayers.TryParseFlag(text, out string name, out string level)
            && short.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out short number)
            ? new Dictionary<string, short>(StringComparer.Ordinal) { [name] = number }
            : throw new CommandException($"'--feature {text}' is not of the form name=level", Program.Usage);

    private static int Info(string[] args)
    {
        Arguments arguments = Arguments.Parse("storage info", args, ["-c", "--config"], []);
        string path = arguments.Value("-c", "--config") ?? throw new CommandException("'storage info' needs -c FILE", Program.Usage);
        NodeSettings settings = NodeSettings.Resolve(StartCommand.ReadProperties(path), arguments.Set, isStrict: false);
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

        return isFormatted ? 0 : Program.Failed;
    }
}
