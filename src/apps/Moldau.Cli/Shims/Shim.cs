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

    /// <summary>Its value goes up to the next option: <c>--producer-props a=b c=d</c>.</summary>
    public IReadOnlyList<string> Lists { get; init; } = [];
}

/// <summary>A wrong command line, told as the script tells it.</summary>
internal sealed class ShimUsageException(string message) : Exception(message);
