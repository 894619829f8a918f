using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Raft;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>What a log directory is formatted for.</summary>
public sealed record FormatRequest(string ClusterId, BrokerConfig Config)
{
    /// <summary>The node is the quorum's first and only voter (kraft.version 1).</summary>
    public bool IsStandalone { get; init; }

    public MetadataVersion Version { get; init; } = MetadataVersion.Latest;

    /// <summary>Levels of other features, where not those of the version.</summary>
    public IReadOnlyDictionary<string, short>? Features { get; init; }
}

/// <summary>Makes folders log directories, as kafka-storage's format does.</summary>
public static class NodeFormat
{
    /// <summary>Formats every log directory of the configuration; returns one line for each.</summary>
    /// <exception cref="BootException">A directory is formatted already (unless that is to be ignored), or cannot be written.</exception>
    public static IReadOnlyList<string> Run(IDisk disk, FormatRequest request, bool ignoresFormatted, Prng prng, long nowMs)
    {
        List<string> notes = [];
        string metadataPath = request.Config.MetadataLogDir;
        try
        {
            foreach (string path in request.Config.LogDirs.Append(metadataPath).Distinct(StringComparer.Ordinal))
            {
                disk.CreateDirectory(path);
                if (disk.FileExists($"{path}/{LogFileNames.MetaProperties}"))
                {
                    if (!ignoresFormatted)
                        throw new BootException($"Log directory {path} is already formatted. Use --ignore-formatted to ignore this directory and format the others.");
                    notes.Add($"{path} is formatted already");
                    continue;
                }

                Write(disk, path, request, MetaProperties.NewDirectoryId(prng), path == metadataPath, nowMs);
                notes.Add($"Formatting {path} with metadata.version {request.Version}.");
            }
        }
        catch (DiskException e)
        {
            throw new BootException($"cannot format: {e.Message}");
        }

        return notes;
    }

    /// <summary>Where other nodes reach this one's controller.</summary>
    public static IReadOnlyList<RaftEndpoint> ControllerEndpoints(BrokerConfig config) =>
        [.. config.AdvertisedControllerListeners.Select(e =>
            new RaftEndpoint(e.ListenerName, e.Host is { Length: > 0 } host ? host : "localhost", (ushort)e.Port))];

    internal static void Write(IDisk disk, string path, FormatRequest request, Uuid directoryId, bool isForMetadata, long nowMs)
    {
        MetaProperties properties = new(request.ClusterId, request.Config.NodeId, directoryId);
        Instant now = new(0, nowMs);
        VoterSet voters = request.IsStandalone
            ? StorageFormat.Standalone(new ReplicaKey(request.Config.NodeId, directoryId), ControllerEndpoints(request.Config))
            : VoterSet.Empty;
        if (isForMetadata)
        {
            FormattedFile bootstrap = StorageFormat.ForController(
                [.. BootstrapMetadata.ForNewCluster(request.Version, request.Features).Select(r => MetadataRecords.Write(r))],
                voters,
                now);
            // The identity says that the directory is formatted: whatever else belongs to that must be durable before it.
            disk.CreateDirectory($"{path}/{StorageFormat.MetadataFolder}");
            disk.SyncDirectory(path);
            DiskFiles.WriteAtomically(disk, $"{path}/{bootstrap.Path}", bootstrap.Content);
        }

        DiskFiles.WriteAtomically(disk, $"{path}/{LogFileNames.MetaProperties}", properties.Encode());
    }
}
