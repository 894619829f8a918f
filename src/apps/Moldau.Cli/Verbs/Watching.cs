using Moldau.Cli.Parsing;

namespace Moldau.Cli.Verbs;

/// <summary><c>--watch</c>: the same again, until Ctrl+C.</summary>
internal static class Watching
{
    public static readonly Option Option = new("--watch", "-w", null, "again every two seconds, until Ctrl+C");

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Once, or again and again where the option is given.</summary>
    public static async Task<int> RunAsync(CommandContext context, Func<CommandContext, Task<int>> once)
    {
        while (true)
        {
            int code = await once(context).ConfigureAwait(false);
            if (!context.Arguments.Has(Option.Name)) return code;
            await Task.Delay(Pause, context.Cancel).ConfigureAwait(false);
        }
    }
}
