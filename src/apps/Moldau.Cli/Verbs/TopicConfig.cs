using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary><c>topic set</c> and <c>topic unset</c>: short for <c>config set topic</c>.</summary>
internal static class TopicConfig
{
    public static readonly Command SetCommand = new("topic set", "NAME KEY=VALUE…", "set properties of a topic", SetAsync)
    {
        Columns = ConfigChanges.Columns,
        MinOperands = 2,
        Options = [Option.DryRun],
        Example = "moldau topic set orders retention.ms=86400000 cleanup.policy=compact",
    };

    public static readonly Command UnsetCommand = new("topic unset", "NAME KEY…", "give properties of a topic back to the default", UnsetAsync)
    {
        Columns = ConfigChanges.Columns,
        MinOperands = 2,
        Options = [Option.DryRun],
        Example = "moldau topic unset orders retention.ms",
    };

    private static Task<int> SetAsync(CommandContext context) => ConfigChanges.ApplyAsync(
        context, Resource(context), ConfigChanges.Sets(context.Arguments.Operands.Skip(1)));

    private static Task<int> UnsetAsync(CommandContext context) => ConfigChanges.ApplyAsync(
        context, Resource(context), ConfigChanges.Unsets(context.Arguments.Operands.Skip(1)));

    private static ConfigResource Resource(CommandContext context) =>
        new(ConfigResourceKind.Topic, context.Arguments.Operands[0]);
}
