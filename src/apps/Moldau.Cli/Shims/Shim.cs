namespace Moldau.Cli.Shims;

/// <summary>One of Kafka's own scripts: it takes the script's options and prints what the script prints, so that what calls
/// the script can call this.</summary>
/// <param name="Name">Without <c>.sh</c>, such as <c>kafka-topics</c>.</param>
/// <param name="Options">The names of its options; one that ends with <c>:</c> takes a value, with <c>?</c> may take
/// one.</param>
/// <param name="Run">Does it; the result is the exit code.</param>
internal sealed record Shim(string Name, string Options, Func<ShimContext, Task<int>> Run)
{
    /// <summary>A word that says what to do, as the newer scripts want it: <c>describe</c>.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];

    /// <summary>Options that only one of the actions has, by its name.</summary>
    public IReadOnlyDictionary<string, string> ActionOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Options of one letter, and which they stand for.</summary>
    public IReadOnlyDictionary<string, string> Letters { get; init; } = new Dictionary<string, string>();

    /// <summary>Makes options of what an older release's command line says.</summary>
    public Func<string[], string[]> Rewrite { get; init; } = args => args;

    /// <summary>What the script calls itself where it tells of a wrong command line; null for its name. Scripts that have one of their own
    /// print their help where nothing is said.</summary>
    public string? Program { get; init; }

    /// <summary>How a wrong command line is told.</summary>
    public UsageStyle UsageStyle { get; init; }

    /// <summary>True where words that are no options are the script's own; they are not looked at here.</summary>
    public bool TakesWords { get; init; }

    /// <summary>What <c>--help</c> ends with: few of the originals call it a success.</summary>
    public int HelpExitCode { get; init; } = ExitCodes.Failed;

    /// <summary>Without any argument it tells what there is, and that is no failure.</summary>
    public bool IsHelpfulAlone { get; init; }

    /// <summary>Its value goes up to the next option: <c>--producer-props a=b c=d</c>.</summary>
    public IReadOnlyList<string> Lists { get; init; } = [];
}

/// <summary>How Kafka's scripts tell of a wrong command line: there are three libraries beneath them.</summary>
internal enum UsageStyle
{
    /// <summary>What is wrong, then the options.</summary>
    TextThenOptions,

    /// <summary>The options, then the script's name and what is wrong.</summary>
    OptionsThenText,

    /// <summary>What is wrong, on a line that is not ended.</summary>
    TextAlone,
}

/// <summary>A failure that the script tells in one line, without saying what kind it is.</summary>
internal sealed class ShimFailedException(string message) : Exception(message);

/// <summary>A wrong command line, told as the script tells it.</summary>
internal sealed class ShimUsageException(string message) : Exception(message);
