namespace Moldau.Fuzz;

/// <summary>Everything that is fuzzed.</summary>
internal static class FuzzTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new FramesTarget(),
        new MessagesTarget(),
        new BatchesTarget(),
        new CodecsTarget(),
        new FilesTarget(),
        new FolderTarget(),
        new PropertiesTarget(),
        new FormatTarget(),
        new ArgumentsTarget(),
        new ClientTarget(),
        new NodeTarget(),
        new BootTarget(),
    ];
}
