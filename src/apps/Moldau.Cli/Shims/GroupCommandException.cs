namespace Moldau.Cli.Shims;

/// <summary>A failure of a script for groups.</summary>
/// <param name="text">What is told of it.</param>
/// <param name="className">The class of the exception that the original tells on standard error too; null where the text begins with
/// it.</param>
internal sealed class GroupCommandException(string text, string? className = null) : Exception(text)
{
    public string Line => className is null ? Message : $"{className}: {Message}";
}
