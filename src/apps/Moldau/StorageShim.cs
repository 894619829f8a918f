using Moldau.Cli.Shims;

namespace Moldau;

/// <summary><c>kafka-storage.sh</c>: its options and words over the verbs of <c>moldau storage</c>.</summary>
internal static class StorageShim
{
    public static readonly Shim Shim = new(
        "kafka-storage",
        "c: config: t: cluster-id: s standalone N no-initial-controllers I: initial-controllers: g ignore-formatted r: release-version: f: feature: "
        + "S: add-scram: h help version",
        RunAsync)
    {
        HelpExitCode = ExitCodes.Ok,
        Actions = ["info", "format", "random-uuid", "version-mapping", "feature-dependencies"],
    };

    private static Task<int> RunAsync(ShimContext context)
    {
        switch (context.Arguments.Action)
        {
            case null:
                throw new ShimUsageException("too few arguments");
            case "version-mapping":
                FeatureTable.WriteMapping(context.Out, context.Arguments.Value("release-version") ?? context.Arguments.Value("r"));
                return Task.FromResult(ExitCodes.Ok);
            case "feature-dependencies":
                string[] features = [.. context.Arguments.InOrder("feature", "f")];
                if (features.Length == 0) throw new ShimUsageException("argument --feature/-f is required");
                FeatureTable.WriteDependencies(context.Out, features, isStorage: true);
                return Task.FromResult(ExitCodes.Ok);
            default:
                break;
        }

        if (context.Arguments.Action != "random-uuid" && !context.Arguments.Has("c") && !context.Arguments.Has("config"))
            throw new ShimUsageException("argument --config/-c is required");
        if (context.Arguments.Action == "format" && !context.Arguments.Has("t") && !context.Arguments.Has("cluster-id"))
            throw new ShimUsageException("argument --cluster-id/-t is required");
        if (context.Arguments.Action == "info") return Task.FromResult(StorageVerbs.Tell(Config(context), context.Out));
        if (context.Arguments.Action == "random-uuid") return Task.FromResult(CommandLine.Run(["storage", "random-uuid"]));
        return Task.FromResult(CommandLine.Run(["storage", .. context.Words, "-o", "name", "-q"]));
    }

    private static string Config(ShimContext context) => context.Arguments.Value("c") ?? context.Arguments.Value("config")!;
}
