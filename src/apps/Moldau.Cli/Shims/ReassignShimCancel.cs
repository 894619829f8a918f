using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-reassign-partitions.sh --cancel</c></summary>
internal static class ReassignShimCancel
{
    public static async Task RunAsync(ShimContext context, string text)
    {
        long timeoutMs = ReassignShimExecute.TimeoutMs(context.Arguments);
        ReassignFile file = ReassignFile.Parse(text);
        ReassignCluster cluster = await ReassignCluster.ConnectAsync(context, "listPartitionReassignments").ConfigureAwait(false);
        var moving = await cluster.MovingAsync(file.Partitions.Select(p => p.Key)).ConfigureAwait(false);
        TopicPartition[] partitions =
            [.. moving.Where(m => !m.Value.Adding.IsEmpty || !m.Value.Removing.IsEmpty).Select(m => m.Key).Order()];
        if (partitions.Length == 0) context.Out.WriteLine("None of the specified partition reassignments are active.");
        else await CancelAsync(context, cluster, partitions).ConfigureAwait(false);
        var directories = await cluster.DirectoriesAsync([.. file.Directories.Keys]).ConfigureAwait(false);
        var back = directories.Where(d => d.Value is { Path: not null, FuturePath: not null }).ToDictionary(d => d.Key, d => d.Value.Path!);
        // The original does not end this line.
        if (back.Count == 0) await context.Out.WriteAsync("None of the specified partition moves are active.").ConfigureAwait(false);
        else await ReassignShimExecute.MoveDirectoriesAsync(context, cluster, back, timeoutMs).ConfigureAwait(false);
        if (!context.Arguments.Has("preserve-throttles")) await ReassignThrottles.ClearAsync(context, cluster, file).ConfigureAwait(false);
    }

    private static async Task CancelAsync(ShimContext context, ReassignCluster cluster, TopicPartition[] partitions)
    {
        var errors = await cluster.MoveAsync(partitions.ToDictionary(p => p, _ => (List<int>?)null)).ConfigureAwait(false);
        if (errors.Count > 0)
        {
            throw new ShimFailedException($"Error cancelling partition reassignment{(errors.Count == 1 ? "" : "s")} for:\n"
                + string.Join('\n', errors.OrderBy(e => e.Key).Select(e => $"{e.Key}: {ShimErrors.TextOf(e.Value)}")));
        }

        context.Out.WriteLine($"Successfully cancelled partition reassignment{(partitions.Length == 1 ? "" : "s")} for: {string.Join(',', partitions)}");
    }
}
