namespace Moldau.Shell;

/// <summary>What Kafka's shell prints, all of it on standard output.</summary>
/// <param name="output">Standard output.</param>
/// <param name="width">Of the terminal; null where there is none.</param>
internal sealed class KafkaVoice(TextWriter output, int? width) : ShellVoice
{
    public override bool HasColumnOption => false;

    public override void UnknownCommand(string given, IReadOnlyList<string> known)
    {
        string[] meant = [.. known.Where(k => k.StartsWith(given, StringComparison.Ordinal))];
        output.WriteLine(meant.Length switch
        {
            0 => $"invalid choice: '{given}' (choose from {string.Join(", ", known.Select(k => $"'{k}'"))})",
            1 => $"invalid choice: '{given}': did you mean '{meant[0]}'?",
            _ => $"ambiguous command: {given} could match {string.Join(", ", meant)}",
        });
    }

    public override void TooFew(ShellCommand command) => output.WriteLine("too few arguments");

    public override void NotUnderstood(string word) => output.WriteLine($"unrecognized arguments: '{word}'");

    public override void NoNumber(ShellCommand command, string text) =>
        output.WriteLine($"argument {command.Operand}: could not convert '{text}' to Integer (For input string: \"{text}\")");

    /// <summary>The original waits for more lines.</summary>
    public override void OpenQuote() => output.WriteLine("Missing closing quote");

    public override void Missing(string command, string target) => output.WriteLine(command switch
    {
        "cd" => $"cd: {target}: no such directory.",
        "cat" or "tree" => $"{command}: {target}: No such file or directory.",
        _ => $"{command}: {target}: no such file or directory.",
    });

    public override void IsFolder(string target) => output.WriteLine($"cat: {target}: Is a directory");

    public override void NoFolder(string target) => output.WriteLine($"cd: {target}: not a directory.");

    public override void List(IReadOnlyList<Found> values, IReadOnlyList<Found> folders, bool isOneColumn)
    {
        Names(null, [.. values.Select(v => v.LastName)]);
        bool isFirst = values.Count == 0;
        bool hasHeads = values.Count > 0 || folders.Count > 1;
        foreach (Found folder in folders)
        {
            Names(hasHeads ? $"{(isFirst ? "" : Environment.NewLine)}{folder.LastName}:" : null, [.. folder.Children.Select(c => c.LastName)]);
            isFirst = false;
        }
    }

    public override void Value(Found found) => Tree(found.Node, 0);

    public override void Tree(Found found) => Tree(found.Node, 0);

    public override void Below(string target, Found found)
    {
        output.WriteLine(target);
        foreach (Found child in found.Children) Below(target == "/" ? target + child.LastName : $"{target}/{child.LastName}", child);
    }

    public override void Line(string text) => output.WriteLine(text);

    public override void Help() => output.WriteLine("""
        Welcome to the Apache Kafka metadata shell.

        usage:  {cat,cd,exit,find,help,history,ls,man,pwd,tree} ...

        positional arguments:
          {cat,cd,exit,find,help,history,ls,man,pwd,tree}
            cat                  Show the contents of metadata files.
            cd                   Set the current working directory.
            exit                 Exit the metadata shell.
            find                 Search for nodes in the directory hierarchy.
            help                 Display this help message.
            history              Print command history.
            ls                   List metadata nodes.
            man                  Show the help text for a specific command.
            pwd                  Print the current working directory.
            tree                 Show the contents  of  metadata  nodes  in  a tree
                                 structure.
        """);

    public override void Manual(ShellCommand? command, string name, bool isAsked)
    {
        if (command is null)
        {
            output.WriteLine($"man: unknown command {name}. Type help to get a list of commands.");
            return;
        }

        if (!isAsked) output.WriteLine($"{name}: {command.Summary}\n");
        output.WriteLine(isAsked ? $"usage:  {name} [-h]{command.Usage}" : $"usage: {name}{command.Usage}");
        if (command.Operand is { } operand)
        {
            output.WriteLine("\npositional arguments:");
            output.WriteLine($"  {operand,-23}{command.OperandHelp}");
        }

        if (isAsked) output.WriteLine("\noptional arguments:\n  -h, --help             show this help message and exit");
    }

    public override void End() => output.Flush();

    private void Names(string? head, IReadOnlyList<string> names)
    {
        // An empty folder is passed over, with its head.
        if (names.Count == 0) return;
        if (head is not null) output.WriteLine(head);
        foreach (string line in NameColumns.Lines(names, width)) output.WriteLine(line);
    }

    private void Tree(ShellNode node, int depth)
    {
        string indent = new(' ', depth * 2);
        if (node is ShellValue value) output.WriteLine(indent + value.Text);
        if (node is not ShellFolder folder) return;
        foreach ((string name, ShellNode child) in folder.Children)
        {
            output.WriteLine($"{indent}{name}:");
            Tree(child, depth + 1);
        }
    }
}
