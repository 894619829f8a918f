using System.Text;
using System.Text.RegularExpressions;

namespace Moldau.Shell;

/// <summary>Paths with wildcards: <c>?</c>, <c>*</c> and <c>{a,b}</c>; a backslash takes a character as it is.</summary>
internal static class ShellPath
{
    private const string Special = "*?{}\\/";

    /// <summary>All nodes that a path leads to, in the order of their names.</summary>
    /// <param name="root">The root of the tree.</param>
    /// <param name="working">The folder that a path without a slash before it begins at.</param>
    /// <param name="path">The path.</param>
    public static IReadOnlyList<Found> Find(ShellFolder root, Found working, string path)
    {
        List<Component> components = path.StartsWith('/') ? [] : [.. working.Names.Select(n => new Component(n, null))];
        foreach (string part in Split(path))
        {
            if (part == ".") continue;
            if (part != "..") components.Add(Component.Parse(part));
            else if (components.Count > 0) components.RemoveAt(components.Count - 1);
        }

        List<Found> reached = [new Found([], root)];
        foreach (Component component in components)
            reached = [.. reached.SelectMany(f => component.Of(f))];
        return reached;
    }

    public static string Escaped(string name)
    {
        StringBuilder text = new(name.Length);
        foreach (char c in name)
        {
            if (Special.Contains(c, StringComparison.Ordinal)) text.Append('\\');
            text.Append(c);
        }

        return text.ToString();
    }

    /// <summary>The parts between slashes, without empty ones.</summary>
    private static List<string> Split(string path)
    {
        List<string> parts = [];
        StringBuilder part = new();
        for (int i = 0; i < path.Length; i++)
        {
            if (path[i] == '\\' && i + 1 < path.Length) part.Append(path[i++]).Append(path[i]);
            else if (path[i] != '/') part.Append(path[i]);
            else Take();
        }

        Take();
        return parts;

        void Take()
        {
            if (part.Length > 0) parts.Add(part.ToString());
            part.Clear();
        }
    }

    /// <summary>One part of a path.</summary>
    private sealed record Component(string Name, Regex? Pattern)
    {
        /// <summary>A group that does not end, or holds another, makes the part a name like any other.</summary>
        public static Component Parse(string text)
        {
            StringBuilder pattern = new("^");
            StringBuilder name = new();
            bool isName = true;
            bool isGroup = false;
            for (int i = 0; i < text.Length; i++)
            {
                char c = text[i];
                switch (c)
                {
                    case '\\' when i + 1 < text.Length && Special.Contains(text[i + 1], StringComparison.Ordinal):
                        pattern.Append(Regex.Escape(text[++i].ToString()));
                        name.Append(text[i]);
                        break;
                    case '{' when isGroup:
                        return new Component(text, null);
                    case '?' or '*' or '{':
                        isName = false;
                        isGroup |= c == '{';
                        pattern.Append(c switch { '?' => ".", '*' => ".*", _ => "(?:(?:" });
                        break;
                    case ',' or '}' when isGroup:
                        isGroup = c == ',';
                        pattern.Append(isGroup ? ")|(?:" : "))");
                        break;
                    default:
                        pattern.Append(Regex.Escape(c.ToString()));
                        name.Append(c);
                        break;
                }
            }

            if (isGroup) return new Component(text, null);
            const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking;
            return isName ? new Component(name.ToString(), null) : new Component(text, new Regex(pattern.Append('$').ToString(), Options));
        }

        public IEnumerable<Found> Of(Found parent)
        {
            if (parent.Node is not ShellFolder folder) return [];
            if (Pattern is null)
                return folder.Children.TryGetValue(Name, out ShellNode? child) ? [new Found([.. parent.Names, Name], child)] : [];
            return parent.Children.Where(c => Pattern.IsMatch(c.LastName));
        }
    }
}
