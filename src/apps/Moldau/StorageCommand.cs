using Moldau.Base;
using Moldau.Config;
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
            "info" => Info(rest),
            "random-uuid" => RandomUuid(),
            _ => throw new CommandException($"'storage {verb}' is no command: format, info, random-uuid", Program.Usage),
        };
    }

    private static int RandomUuid()
    {
        Console.WriteLine(new Prng(BitConverter.ToUInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8))).NextUuid());
        return 0;
    }

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
            MetaProperties? meta = bytes is null ? null : MetaProperties.TryDecode(bytes, out problem);
            Console.WriteLine(meta is null
                ? $"  {directory}: {problem ?? "not formatted"}"
                : $"  {directory}: cluster.id={meta.ClusterId} node.id={meta.NodeId} directory.id={meta.DirectoryId}");
        }

        return isFormatted ? 0 : Program.Failed;
    }
}
