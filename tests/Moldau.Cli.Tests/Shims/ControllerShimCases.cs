using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Calls of the scripts that look after the controllers and the features. They leave the node as it was: what is changed is
/// changed back, and the only voter keeps its vote.</summary>
internal static class ControllerShimCases
{
    private static readonly string[] Lines =
    [
        "features-describe: features B describe",
        "features-describe-controller: features C describe",
        "features-no-address: features describe",
        "features-two-addresses: features B C describe",
        "features-no-file: features B --command-config /nowhere/at/all describe",
        "features-no-action: features B",
        "features-odd-action: features B nonsense",
        "features-odd-option: features B upgrade --bogus",
        "features-option-of-another: features B describe --dry-run",
        "features-mapping: features B version-mapping",
        "features-mapping-release: features B version-mapping --release-version 4.0",
        "features-mapping-patch: features B version-mapping --release-version 4.4.0",
        "features-mapping-first: features B version-mapping --release-version 3.3-IV3",
        "features-mapping-middle: features B version-mapping --release-version 4.2-IV0",
        "features-mapping-share: features B version-mapping --release-version 4.4-IV0",
        "features-mapping-coming: features B version-mapping --release-version 4.5-IV0",
        "features-mapping-unreleased: features B version-mapping --release-version 4.5",
        "features-mapping-old: features B version-mapping --release-version 3.0-IV1",
        "features-needs: features B feature-dependencies --feature transaction.version=2 --feature eligible.leader.replicas.version=1 --feature kraft.version=0 "
            + "--feature metadata.version=33 --feature eligible.leader.replicas.version=0",
        "features-needs-nothing: features B feature-dependencies",
        "features-needs-unknown: features B feature-dependencies --feature foo=1",
        "features-needs-level: features B feature-dependencies --feature group.version=2",
        "features-needs-version: features B feature-dependencies --feature metadata.version=6",
        "features-needs-no-level: features B feature-dependencies --feature group.version",
        "features-needs-odd-level: features B feature-dependencies --feature group.version=x",
        "features-upgrade-nothing: features B upgrade",
        "features-upgrade-dry: features B upgrade --feature group.version=1 --dry-run",
        "features-upgrade: features B upgrade --feature group.version=1",
        "features-upgrade-controller: features C upgrade --feature group.version=1",
        "features-upgrade-unknown: features B upgrade --feature foo.version=1 --dry-run",
        "features-upgrade-too-far: features B upgrade --feature group.version=5 --feature share.version=1",
        "features-upgrade-quorum: features C upgrade --feature kraft.version=2 --dry-run",
        "features-upgrade-down: features B upgrade --feature metadata.version=30",
        "features-upgrade-zero: features B upgrade --feature group.version=0",
        "features-upgrade-negative: features B upgrade --feature group.version=-1",
        "features-upgrade-twice: features B upgrade --feature group.version=1 --feature group.version=1",
        "features-upgrade-release-dry: features B upgrade --release-version 4.4 --dry-run",
        "features-upgrade-release: features B upgrade --release-version 4.4",
        "features-upgrade-old-release: features B upgrade --release-version 3.3 --dry-run",
        "features-upgrade-no-release: features B upgrade --release-version 5.7",
        "features-upgrade-metadata: features B upgrade --metadata 4.4-IV2 --dry-run",
        "features-upgrade-odd-metadata: features B upgrade --metadata 9",
        "features-upgrade-both: features B upgrade --metadata 4.4-IV1 --release-version 4.4",
        "features-downgrade-dry: features B downgrade --feature group.version=0 --dry-run",
        "features-downgrade: features B downgrade --feature share.version=1",
        "features-downgrade-up: features B downgrade --feature group.version=2",
        "features-downgrade-newer: features B downgrade --feature share.version=2 --dry-run",
        "features-downgrade-metadata: features B downgrade --metadata 4.3-IV0 --dry-run",
        "features-downgrade-unsafe: features B downgrade --metadata 4.4-IV1 --unsafe --dry-run",
        "features-downgrade-release: features B downgrade --release-version 4.3 --dry-run",
        "features-downgrade-quorum: features B downgrade --feature kraft.version=0",
        "features-disable-nothing: features B disable",
        "features-disable-dry: features B disable --feature share.version --dry-run",
        "features-disable: features B disable --feature share.version --unsafe",
        "features-disable-metadata: features B disable --feature metadata.version --dry-run",
        "features-disable-unknown: features B disable --feature foo.version --feature group.version",
        "features-disable-twice: features B disable --feature group.version --feature group.version",
        "features-back: features B upgrade --feature share.version=2",
        "quorum-status-controller: metadata-quorum C describe --status",
        "quorum-replication: metadata-quorum B describe --replication",
        "quorum-replication-human: metadata-quorum B describe --replication --human-readable",
        "quorum-both: metadata-quorum B describe --status --replication",
        "quorum-neither: metadata-quorum B describe",
        "quorum-status-human: metadata-quorum B describe --status --human-readable",
        "quorum-no-address: metadata-quorum describe --status",
        "quorum-no-action: metadata-quorum B",
        "quorum-odd-action: metadata-quorum B nonsense",
        "quorum-odd-option: metadata-quorum B add-controller --bogus",
        "quorum-add-no-file: metadata-quorum B add-controller",
        "quorum-add-dry: metadata-quorum B --command-config PROPERTIES add-controller --dry-run",
        "quorum-add-voter: metadata-quorum B --command-config PROPERTIES add-controller",
        "quorum-add-voter-controller: metadata-quorum C --command-config PROPERTIES add-controller",
        "quorum-add-no-id: metadata-quorum B --command-config SCRATCH/no-id.properties add-controller --dry-run",
        "quorum-add-negative-id: metadata-quorum B --command-config SCRATCH/negative-id.properties add-controller --dry-run",
        "quorum-add-broker: metadata-quorum B --command-config SCRATCH/broker.properties add-controller --dry-run",
        "quorum-add-no-folder: metadata-quorum B --command-config SCRATCH/no-folder.properties add-controller --dry-run",
        "quorum-add-no-names: metadata-quorum B --command-config SCRATCH/no-names.properties add-controller --dry-run",
        "quorum-add-no-listener: metadata-quorum B --command-config SCRATCH/no-listener.properties add-controller --dry-run",
        "quorum-add-advertised: metadata-quorum B --command-config SCRATCH/advertised.properties add-controller --dry-run",
        "quorum-remove-nothing: metadata-quorum B remove-controller",
        "quorum-remove-no-id: metadata-quorum B remove-controller --controller-directory-id DIRECTORY",
        "quorum-remove-odd-id: metadata-quorum B remove-controller --controller-id x --controller-directory-id DIRECTORY",
        "quorum-remove-negative-id: metadata-quorum B remove-controller --controller-id -1 --controller-directory-id DIRECTORY",
        "quorum-remove-short: metadata-quorum B remove-controller -i 7 -d abc",
        "quorum-remove-long: metadata-quorum B remove-controller -i 7 -d AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "quorum-remove-odd-letter: metadata-quorum B remove-controller -i 7 -d !AAAAAAAAAAAAAAAAAAAAA",
        "quorum-remove-dry: metadata-quorum B remove-controller -i 7 -d DIRECTORY --dry-run",
        "quorum-remove-unknown: metadata-quorum B remove-controller --controller-id 7 --controller-directory-id DIRECTORY",
        "quorum-remove-unknown-controller: metadata-quorum C remove-controller --controller-id 7 --controller-directory-id DIRECTORY",
        "cluster-id-controller: cluster cluster-id C",
        "cluster-endpoints-controller: cluster list-endpoints C",
        "cluster-endpoints-fenced-controller: cluster list-endpoints C --include-fenced-brokers",
        "cluster-endpoints-fenced: cluster list-endpoints B --include-fenced-brokers",
        "cluster-unregister-no-id: cluster unregister B",
        "cluster-unregister-unknown: cluster unregister B --id 7",
        "cluster-unregister-unknown-controller: cluster unregister C -i 7",
        "storage-mapping: storage version-mapping",
        "storage-mapping-release: storage version-mapping -r 4.0",
        "storage-mapping-unknown: storage version-mapping --release-version bogus",
        "storage-needs: storage feature-dependencies --feature eligible.leader.replicas.version=1 -f share.version=1",
        "storage-needs-nothing: storage feature-dependencies",
        "storage-needs-unknown: storage feature-dependencies -f foo=1",
        "storage-needs-level: storage feature-dependencies -f share.version=9",
        "storage-needs-no-level: storage feature-dependencies -f group.version",
    ];

    public static readonly ShimCase[] All =
    [
        .. Lines.Select(l => l.Split(": ", 2)).Select(l => new ShimCase(l[0], l[1]) { IsOfNewest = true }),
    ];

    /// <summary>Configuration files that are not those of a controller.</summary>
    public static void WriteFiles(ScratchFolder scratch, ServerUnderTest server)
    {
        string[] whole = File.ReadAllLines(server.PropertiesFile);
        Write("no-id", "node.id=", null);
        Write("negative-id", "node.id=", "node.id=-3");
        Write("broker", "process.roles=", "process.roles=broker");
        Write("no-folder", "log.dirs=", null);
        Write("no-names", "controller.listener.names=", null);
        Write("no-listener", "controller.listener.names=", "controller.listener.names=OTHER");
        Write("advertised", "controller.listener.names=", "controller.listener.names=controller\nadvertised.listeners=CONTROLLER://[::1]:1234");

        void Write(string name, string beginning, string? line) => File.WriteAllLines(
            scratch[name + ".properties"],
            whole.Select(l => l.StartsWith(beginning, StringComparison.Ordinal) ? line : l).OfType<string>());
    }
}
