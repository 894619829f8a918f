namespace Moldau.Cli.Parsing;

/// <summary>A verb: what it takes, what it says of itself, and what it does.</summary>
/// <param name="Name">One or two words, such as <c>topic list</c>.</param>
/// <param name="Operands">As the help shows them, such as <c>NAME…</c>.</param>
/// <param name="Summary">One line of help.</param>
/// <param name="Run">Does it; the result is the exit code.</param>
internal sealed record Command(string Name, string Operands, string Summary, Func<CommandContext, Task<int>> Run)
{
    public int MinOperands { get; init; }

    public int MaxOperands { get; init; } = int.MaxValue;

    /// <summary>Its own options, which hide global ones of the same name.</summary>
    public IReadOnlyList<Option> Options { get; init; } = [];

    /// <summary>More than the summary, for <c>moldau help VERB</c>.</summary>
    public string? Details { get; init; }

    public string? Example { get; init; }

    /// <summary>Left out of the help and of what shells complete.</summary>
    public bool IsHidden { get; init; }

    /// <summary>The fields of what it prints, for <c>-o schema</c>; empty where that is records, a script or text.</summary>
    public IReadOnlyList<Output.Column> Columns { get; init; } = [];

    /// <summary>True for a verb that changes something in the cluster, whatever its options say.</summary>
    public bool Writes { get; init; }

    /// <summary>What shows a plan or can be tried first changes something too.</summary>
    public bool IsWriting => Writes || Options.Contains(Option.Yes) || Options.Contains(Option.DryRun);

    /// <summary>Null where no option has the name.</summary>
    public Option? Find(string name) =>
        Options.FirstOrDefault(o => o.Name == name || o.Short == name)
        ?? Option.Global.FirstOrDefault(o => o.Name == name || o.Short == name);
}
