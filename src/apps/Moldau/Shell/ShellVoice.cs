namespace Moldau.Shell;

/// <summary>What a door says: the shell decides what there is to tell, this how it is told.</summary>
internal abstract class ShellVoice
{
    /// <summary>Whether only <c>ls -1</c> lists one name a line; else the option is a path like another.</summary>
    public abstract bool HasColumnOption { get; }

    public abstract void UnknownCommand(string given, IReadOnlyList<string> known);

    public abstract void TooFew(ShellCommand command);

    public abstract void NotUnderstood(string word);

    public abstract void NoNumber(ShellCommand command, string text);

    public abstract void OpenQuote();

    public abstract void Missing(string command, string target);

    public abstract void IsFolder(string target);

    public abstract void NoFolder(string target);

    /// <param name="values">What was named and is no folder.</param>
    /// <param name="folders">The folders that were named.</param>
    /// <param name="isOneColumn">One name a line, whatever the terminal's width.</param>
    public abstract void List(IReadOnlyList<Found> values, IReadOnlyList<Found> folders, bool isOneColumn);

    public abstract void Value(Found found);

    public abstract void Tree(Found found);

    /// <param name="target">As it was given.</param>
    /// <param name="found">One of those that it led to.</param>
    public abstract void Below(string target, Found found);

    public abstract void Line(string text);

    public abstract void Help();

    /// <param name="command">Null where there is none of the name.</param>
    /// <param name="name">The name.</param>
    /// <param name="isAsked">By <c>--help</c>, not <c>man</c>.</param>
    public abstract void Manual(ShellCommand? command, string name, bool isAsked);

    /// <summary>After each command.</summary>
    public virtual void End()
    {
    }
}
