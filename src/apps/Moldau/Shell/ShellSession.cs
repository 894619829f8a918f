using System.Globalization;

namespace Moldau.Shell;

/// <summary>Runs commands on a tree, one after the other.</summary>
internal sealed class ShellSession(ShellFolder root, ShellVoice voice, IReadOnlyList<ShellCommand> commands)
{
    private readonly List<string> _history = [];
    private Found _working = new([], root);

    public string WorkingFolder => _working.PlainPath;

    /// <summary>Runs a line; false where it asks to end.</summary>
    public bool RunLine(string line)
    {
        if (line.Trim() is not { Length: > 0 } text) return true;
        _history.Add(text);
        if (ShellWords.Split(text) is { } words) return Run(words);
        voice.OpenQuote();
        return true;
    }

    /// <summary>Runs a command; false where it asks to end.</summary>
    public bool Run(IReadOnlyList<string> words)
    {
        // Empty words at the end are nothing, wherever they came from.
        words = [.. words.Take(words.Count - words.Reverse().TakeWhile(w => w.Length == 0).Count())];
        if (words.Count == 0) return true;
        if (commands.FirstOrDefault(c => c.Name == words[0]) is not { } command)
        {
            voice.UnknownCommand(words[0], [.. commands.Select(c => c.Name)]);
            return true;
        }

        bool goesOn = Operands(command, words) is not { } operands || Execute(command, operands);
        voice.End();
        return goesOn;
    }

    /// <summary>Null where the command is not to be run.</summary>
    private List<string>? Operands(ShellCommand command, IReadOnlyList<string> words)
    {
        List<string> operands = [];
        bool takesOptions = true;
        foreach (string word in words.Skip(1))
        {
            if (takesOptions && word == "--") takesOptions = false;
            else if (takesOptions && word is "-h" or "--help")
            {
                voice.Manual(command, command.Name, isAsked: true);
                return null;
            }
            else if (takesOptions && word.Length > 1 && word[0] == '-' && !double.TryParse(word, CultureInfo.InvariantCulture, out _))
            {
                voice.NotUnderstood(word);
                return null;
            }
            else operands.Add(word);
        }

        if (operands.Count < command.MinOperands) voice.TooFew(command);
        else if (operands.Count > command.MaxOperands) voice.NotUnderstood(operands[command.MaxOperands]);
        else return operands;
        return null;
    }

    private bool Execute(ShellCommand command, List<string> operands)
    {
        switch (command.Name)
        {
            case "exit":
                return false;
            case "cat":
                Each(command, operands, (target, found) =>
                {
                    if (found.Node is ShellFolder) voice.IsFolder(target);
                    else voice.Value(found);
                });
                break;
            case "tree":
                Each(command, operands, (_, found) => voice.Tree(found));
                break;
            case "find":
                Each(command, Effective(operands), voice.Below);
                break;
            case "ls":
                List(command, operands);
                break;
            case "cd":
                Change(command, operands.FirstOrDefault() ?? "/");
                break;
            case "history":
                History(command, operands.FirstOrDefault());
                break;
            case "pwd":
                voice.Line(WorkingFolder);
                break;
            case "man":
                voice.Manual(commands.FirstOrDefault(c => c.Name == operands[0]), operands[0], isAsked: false);
                break;
            default:
                voice.Help();
                break;
        }

        return true;
    }

    private void Each(ShellCommand command, List<string> targets, Action<string, Found> tell)
    {
        foreach (string target in targets)
        {
            IReadOnlyList<Found> all = ShellPath.Find(root, _working, target);
            if (all.Count == 0) voice.Missing(command.Name, target);
            foreach (Found found in all) tell(target, found);
        }
    }

    private void List(ShellCommand command, List<string> operands)
    {
        bool isOneColumn = voice.HasColumnOption && operands.Remove("-1");
        List<Found> values = [];
        List<Found> folders = [];
        Each(command, Effective(operands), (_, found) => (found.Node is ShellFolder ? folders : values).Add(found));
        voice.List(values, folders, isOneColumn);
    }

    private void Change(ShellCommand command, string target) => Each(command, [target], (_, found) =>
    {
        if (found.Node is ShellFolder) _working = found;
        else voice.NoFolder(target);
    });

    private void History(ShellCommand command, string? count)
    {
        int most = int.MaxValue;
        if (count is not null && !int.TryParse(count, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out most))
        {
            voice.NoNumber(command, count);
            return;
        }

        for (int i = Math.Max(0, _history.Count - Math.Max(0, most)); i < _history.Count; i++)
            voice.Line(string.Create(CultureInfo.InvariantCulture, $"{i,5}  {_history[i]}"));
    }

    /// <summary>Without a path: the working folder.</summary>
    private static List<string> Effective(List<string> paths)
    {
        List<string> given = [.. paths.Where(p => p.Length > 0)];
        return given.Count > 0 ? given : ["."];
    }
}
