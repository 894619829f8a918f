using System.Text.Json.Nodes;

namespace Moldau.Shell;

/// <summary>A place in the tree: a folder or a value.</summary>
internal abstract class ShellNode;

/// <summary>A folder. What it holds is made when it is first looked at: a large cluster has many partitions.</summary>
internal sealed class ShellFolder(Func<IEnumerable<(string Name, ShellNode Node)>> list) : ShellNode
{
    private SortedDictionary<string, ShellNode>? _children;

    public ShellFolder(params (string Name, ShellNode Node)[] children)
        : this(() => children)
    {
    }

    /// <summary>In the order of their names (ordinal, as Kafka sorts them).</summary>
    public IReadOnlyDictionary<string, ShellNode> Children => _children ??= Sorted();

    private SortedDictionary<string, ShellNode> Sorted()
    {
        SortedDictionary<string, ShellNode> children = new(StringComparer.Ordinal);
        foreach ((string name, ShellNode node) in list()) children[name] = node;
        return children;
    }
}

/// <summary>A value, in the two ways in which it is printed.</summary>
/// <param name="json">For <c>moldau quorum shell</c>.</param>
/// <param name="text">As Kafka's shell prints it; null where that is the same as the JSON without quotes.</param>
internal sealed class ShellValue(Func<JsonNode?> json, Func<string>? text = null) : ShellNode
{
    public JsonNode? Json => json();

    public string Text => text is not null ? text() : json()?.ToString() ?? "null";
}
