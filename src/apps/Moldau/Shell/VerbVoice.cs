using System.Text;
using Moldau.Cli.Output;

namespace Moldau.Shell;

/// <summary>What <c>moldau quorum shell</c> prints: data on standard output, what is wrong on standard error.</summary>
/// <param name="context">The format, and where data goes.</param>
/// <param name="width">Of the terminal; null where there is none.</param>
internal sealed class VerbVoice(CommandContext context, int? width) : ShellVoice
{
    public static readonly Column[] Columns = [new("path"), new("kind"), new("value", Kind: Column.Any)];

    private readonly bool _isText = context.Format is OutputFormat.Table or OutputFormat.Wide;
    private CommandResult _rows = new(Columns);
    private bool _hasRows;

    /// <summary>Of the first command that went wrong.</summary>
    public int ExitCode { get; private set; } = ExitCodes.Ok;

    public override bool HasColumnOption => true;

    public override void UnknownCommand(string given, IReadOnlyList<string> known)
    {
        string hint = Base.Nearest.Of(given, known) is { } near ? $"did you mean '{near}'?" : $"there are {string.Join(", ", known)}";
        Fail(ExitCodes.Usage, $"the shell has no command '{given}'; {hint}");
    }

    public override void TooFew(ShellCommand command) =>
        Fail(ExitCodes.Usage, $"'{command.Name}' needs more than that: {command.Name}{command.Usage}");

    public override void NotUnderstood(string word) =>
        Fail(ExitCodes.Usage, $"'{word}' is not understood; 'man COMMAND' says what a command takes");

    public override void NoNumber(ShellCommand command, string text) => Fail(ExitCodes.Usage, $"'{text}' is no whole number");

    public override void OpenQuote() => Fail(ExitCodes.Usage, "a quote does not end");

    public override void Missing(string command, string target) =>
        Fail(ExitCodes.NotFound, $"there is no '{target}' in the metadata; 'ls' and 'find' show what there is");

    public override void IsFolder(string target) => Fail(ExitCodes.Usage, $"'{target}' is a folder; 'ls' or 'tree' shows it");

    public override void NoFolder(string target) => Fail(ExitCodes.Usage, $"'{target}' is no folder; 'cat' shows it");

    public override void List(IReadOnlyList<Found> values, IReadOnlyList<Found> folders, bool isOneColumn)
    {
        if (!_isText)
        {
            foreach (Found found in values.Concat(folders.SelectMany(f => f.Children))) Add(found);
            _hasRows |= folders.Count > 0;
            return;
        }

        int? columns = isOneColumn ? null : width;
        bool hasHeads = folders.Count + values.Count > 1 && folders.Count > 0;
        if (values.Count > 0) Names([.. values.Select(v => v.LastName)], columns);
        for (int i = 0; i < folders.Count; i++)
        {
            if (hasHeads) Console.Out.WriteLine($"{(i > 0 || values.Count > 0 ? "\n" : "")}{folders[i].Path}:");
            Names([.. folders[i].Children.Select(c => c.LastName)], columns);
        }
    }

    public override void Value(Found found)
    {
        if (_isText) Console.Out.WriteLine(Json(found.Node, isIndented: true));
        else Add(found);
    }

    public override void Tree(Found found)
    {
        if (!_isText) foreach (Found each in found.All) Add(each);
        else if (found.Node is ShellFolder) Tree(found.Node, 0);
        else Value(found);
    }

    public override void Below(string target, Found found)
    {
        foreach (Found each in found.All)
        {
            if (_isText) Console.Out.WriteLine(each.Path);
            else Add(each);
        }
    }

    public override void Line(string text) => Console.Out.WriteLine(text);

    public override void Help()
    {
        foreach (ShellCommand command in ShellCommand.All) Console.Out.WriteLine($"{command.Name + command.Usage,-32}{command.Summary}");
        Console.Out.WriteLine("\nls -1 lists one name a line. Paths may have the wildcards ?, * and {a,b}; a backslash takes one as it is.");
    }

    public override void Manual(ShellCommand? command, string name, bool isAsked)
    {
        if (command is null) UnknownCommand(name, [.. ShellCommand.All.Select(c => c.Name)]);
        else Console.Out.WriteLine($"{command.Name}{command.Usage}\n\n{command.Summary}");
    }

    public override void End()
    {
        if (_hasRows || _rows.Rows.Count > 0) context.Show(_rows);
        (_rows, _hasRows) = (new CommandResult(Columns), false);
        Console.Out.Flush();
    }

    private void Add(Found found) => _rows.Add(found.Path, found.Node is ShellFolder ? "folder" : "value", (found.Node as ShellValue)?.Json);

    private static void Names(IReadOnlyList<string> names, int? columns)
    {
        foreach (string line in NameColumns.Lines(names, columns)) Console.Out.WriteLine(line);
    }

    private static void Tree(ShellNode node, int depth)
    {
        if (node is not ShellFolder folder) return;
        string indent = new(' ', depth * 2);
        StringBuilder text = new();
        foreach ((string name, ShellNode child) in folder.Children)
        {
            text.Clear().Append(indent).Append(name).Append(':');
            if (child is ShellValue) text.Append(' ').Append(Json(child, isIndented: false));
            Console.Out.WriteLine(text.ToString());
            Tree(child, depth + 1);
        }
    }

    private static string Json(ShellNode node, bool isIndented) =>
        (node as ShellValue)?.Json is { } json ? Renderer.Json(json, isIndented) : "null";

    private void Fail(int exitCode, string text)
    {
        Console.Out.Flush();
        CommandLine.Complain(text);
        if (ExitCode == ExitCodes.Ok) ExitCode = exitCode;
    }
}
