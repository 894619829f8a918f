namespace Moldau.Shell;

/// <summary>A command of the shell.</summary>
/// <param name="Name">What is typed.</param>
/// <param name="Summary">One line of help, in the original's words.</param>
/// <param name="Operand">What it takes; null: nothing.</param>
/// <param name="OperandHelp">What that is.</param>
internal sealed record ShellCommand(string Name, string Summary, string? Operand = null, string OperandHelp = "")
{
    public int MinOperands { get; init; }

    public int MaxOperands { get; init; } = int.MaxValue;

    /// <summary>It makes no sense for one command alone, so Kafka's shell does not have it there.</summary>
    public bool IsForSessions { get; init; }

    public static readonly IReadOnlyList<ShellCommand> All =
    [
        new("cat", "Show the contents of metadata files.", "targets", "The metadata files to display.") { MinOperands = 1 },
        new("cd", "Set the current working directory.", "target", "The directory to change to.") { MaxOperands = 1, IsForSessions = true },
        new("exit", "Exit the metadata shell.") { MaxOperands = 0, IsForSessions = true },
        new("find", "Search for nodes in the directory hierarchy.", "paths", "The paths to start at."),
        new("help", "Display this help message.") { MaxOperands = 0, IsForSessions = true },
        new("history", "Print command history.", "numEntriesToShow", "The number of entries to show.") { MaxOperands = 1, IsForSessions = true },
        new("ls", "List metadata nodes.", "targets", "The metadata node paths to list."),
        new("man", "Show the help text for a specific command.", "cmd", "The command to get help text for.")
        {
            MinOperands = 1,
            MaxOperands = 1,
            IsForSessions = true,
        },
        new("pwd", "Print the current working directory.") { MaxOperands = 0, IsForSessions = true },
        new("tree", "Show the contents of metadata nodes in a tree structure.", "targets", "The metadata nodes to display.") { MinOperands = 1 },
    ];

    /// <summary>Its operands as the usage shows them.</summary>
    public string Usage => Operand switch
    {
        null => "",
        { } name when MaxOperands > 1 => MinOperands > 0 ? $" {name} [{name} ...]" : $" [{name} [{name} ...]]",
        { } name => MinOperands > 0 ? $" {name}" : $" [{name}]",
    };
}
