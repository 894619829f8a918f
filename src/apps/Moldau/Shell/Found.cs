namespace Moldau.Shell;

/// <summary>A node that a path led to.</summary>
/// <param name="Names">From the root on.</param>
internal sealed record Found(IReadOnlyList<string> Names, ShellNode Node)
{
    public string LastName => Names.Count == 0 ? "/" : Names[^1];

    /// <summary>As Kafka's shell writes it.</summary>
    public string PlainPath => "/" + string.Join('/', Names);

    /// <summary>A path that leads here again: a slash or wildcard in a name has a backslash before it.</summary>
    public string Path => "/" + string.Join('/', Names.Select(ShellPath.Escaped));

    public IEnumerable<Found> Children => Node is ShellFolder folder
        ? folder.Children.Select(c => new Found([.. Names, c.Key], c.Value))
        : [];

    /// <summary>This and everything beneath it, folders before what they hold.</summary>
    public IEnumerable<Found> All => Children.SelectMany(static c => c.All).Prepend(this);
}
