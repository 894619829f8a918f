using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Cli.Verbs;
using Moldau.Storage;

namespace Moldau.Logs;

/// <summary><c>moldau log verify</c>: whether logs on disk are what a node may read.</summary>
internal static class LogVerifyVerb
{
    private static readonly Column[] Columns =
        [new("file"), Column.Number("position"), Column.Number("offset"), new("problem")];

    public static readonly Command Command = new("log verify", "DIR…", "check logs: checksums, order, indexes, epochs, snapshots", RunAsync)
    {
        MinOperands = 1,
        Columns = Columns,
        Details = "DIR is a log directory or the folder of one partition, of a node that is stopped; nothing is changed.\n"
            + "Each finding is a row; with findings the exit code is 7.",
        Example = "moldau log verify .moldau",
    };

    private static Task<int> RunAsync(CommandContext context)
    {
        LogFindings findings = new(context.Cancel);
        foreach (string given in context.Arguments.Operands)
        {
            string folder = Path.TrimEndingDirectorySeparator(given);
            if (!Directory.Exists(folder)) throw new CommandException($"there is no folder '{given}'", ExitCodes.NotFound);
            string[] partitions = Partitions(folder);
            if (partitions.Length == 0)
                throw new CommandException($"'{given}' is neither a log directory nor the folder of a partition", ExitCodes.Usage);
            Dictionary<string, long> ends = new(StringComparer.Ordinal);
            foreach (string partition in partitions)
                ends[Path.GetFileName(partition)] = new PartitionVerifier(partition, findings).Run();
            if (partitions[0] != folder) CheckpointVerifier.Run(folder, ends, findings);
        }

        CommandResult result = new(Columns);
        foreach (LogFinding finding in findings.All) result.Add(finding.File, finding.Position, finding.Offset, finding.Problem);
        if (result.Rows.Count > 0 || context.Format is not (OutputFormat.Table or OutputFormat.Wide)) context.Show(result);
        string counted = $"{Words.Count(findings.Partitions, "partition")}, {Words.Count(findings.Segments, "segment")}, "
            + $"{findings.Batches} batches, {findings.Bytes} bytes";
        string found = findings.All.Count == 0 ? "no findings" : Words.Count(findings.All.Count, "finding");
        context.Say($"moldau: {counted}: {found}");
        return Task.FromResult(findings.All.Count == 0 ? ExitCodes.Ok : ExitCodes.CheckFailed);
    }

    /// <summary>The folder itself where it holds segments, else the partitions' folders within.</summary>
    private static string[] Partitions(string folder)
    {
        if (Directory.EnumerateFiles(folder, "*" + LogFileNames.Log).Any(f => LogFileNames.TryParse(Path.GetFileName(f), LogFileNames.Log, out _)))
            return [folder];
        return [.. Directory.EnumerateDirectories(folder)
            .Where(d => PartitionFolder.TryParse(Path.GetFileName(d), out PartitionFolder f) && f.Kind == PartitionFolderKind.Current)
            .Order(StringComparer.Ordinal)];
    }
}
