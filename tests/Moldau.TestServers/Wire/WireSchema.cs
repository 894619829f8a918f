using System.Globalization;
using System.Text.RegularExpressions;

namespace Moldau.TestServers.Wire;

/// <summary>A field of a message, with the versions that have it.</summary>
public sealed record WireField(
    string Name, string Type, bool IsArray, Versions In, Versions NullableIn, string? Default, int? Tag,
    IReadOnlyList<WireField>? Fields);

/// <summary>A range of versions; an absent end means "and all later".</summary>
public readonly record struct Versions(int First, int Last)
{
    public static readonly Versions None = new(1, 0);
    public static readonly Versions All = new(0, int.MaxValue);

    public bool Has(int version) => version >= First && version <= Last;

    public static Versions Parse(string text) => text switch
    {
        "none" => None,
        [.. var first, '+'] => new(int.Parse(first, CultureInfo.InvariantCulture), int.MaxValue),
        _ when text.Split('-') is [var first, var last] =>
            new(int.Parse(first, CultureInfo.InvariantCulture), int.Parse(last, CultureInfo.InvariantCulture)),
        _ => new(int.Parse(text, CultureInfo.InvariantCulture), int.Parse(text, CultureInfo.InvariantCulture)),
    };
}

/// <summary>A request or response: its versions and its fields.</summary>
public sealed record WireMessage(Versions In, Versions FlexibleIn, IReadOnlyList<WireField> Fields);

/// <summary>An API of the wire protocol.</summary>
public sealed record WireApi(short Key, string Name, WireMessage Request, WireMessage Response);

/// <summary>
/// Reads the product's .kmsg files into plain tables. The tests have a reader and a codec of their own, so that a
/// mistake in the product's generated code cannot hide itself, and so that a request can be given as JSON, odd values
/// included.
/// </summary>
public static partial class WireSchema
{
    public static IReadOnlyDictionary<string, WireApi> Apis { get; } = Load();

    private static Dictionary<string, WireApi> Load()
    {
        var folder = Path.Combine(Repository.Root, "src", "foundation", "Moldau.Protocol", "Schemas");
        var apis = new Dictionary<string, WireApi>();
        foreach (var file in Directory.GetFiles(folder, "*.kmsg").Order(StringComparer.Ordinal))
        {
            var lines = new Queue<string>(
                File.ReadLines(file).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0));
            var head = lines.Dequeue().Split(' ');
            var (key, name) = (short.Parse(head[1], CultureInfo.InvariantCulture), head[2]);
            var messages = new List<WireMessage>();
            while (lines.TryDequeue(out var line)) messages.Add(Message(line, lines));
            if (messages.Count == 2) apis[name] = new WireApi(key, name, messages[0], messages[1]);
        }

        return apis;
    }

    private static WireMessage Message(string line, Queue<string> lines)
    {
        var words = line.Split(' ');
        var structures = new Dictionary<string, IReadOnlyList<WireField>>();
        var fields = line.EndsWith('{') ? Fields(lines, structures) : [];
        return new WireMessage(
            Versions.Parse(words[1]),
            words is [_, _, "flexible", var flexible, ..] ? Versions.Parse(flexible) : Versions.None,
            fields.Select(f => Resolve(f, structures)).ToList());
    }

    private static List<WireField> Fields(Queue<string> lines, Dictionary<string, IReadOnlyList<WireField>> structures)
    {
        var fields = new List<WireField>();
        while (lines.Dequeue() is var line && line != "}")
        {
            if (line.StartsWith("struct ", StringComparison.Ordinal))
                structures[line.Split(' ')[1]] = Fields(lines, structures);
            else
                fields.Add(Field(line, lines, structures));
        }

        return fields;
    }

    private static WireField Field(
        string line, Queue<string> lines, Dictionary<string, IReadOnlyList<WireField>> structures)
    {
        var match = FieldLine().Match(line);
        if (!match.Success) throw new InvalidDataException($"not a field: {line}");
        var versions = match.Groups["in"] is { Success: true } range ? Versions.Parse(range.Value) : Versions.All;
        var nullable = !match.Groups["null"].Success ? Versions.None
            : match.Groups["nullIn"].Success ? Versions.Parse(match.Groups["nullIn"].Value)
            : Versions.All;
        int? tag = match.Groups["tag"].Success
            ? int.Parse(match.Groups["tag"].Value, CultureInfo.InvariantCulture)
            : null;
        var children = line.EndsWith('{') ? Fields(lines, structures) : null;
        return new WireField(
            match.Groups["name"].Value, match.Groups["type"].Value, match.Groups["array"].Success, versions, nullable,
            match.Groups["default"].Success ? match.Groups["default"].Value : null, tag, children);
    }

    private static WireField Resolve(WireField field, Dictionary<string, IReadOnlyList<WireField>> structures)
    {
        var fields = field.Fields ?? structures.GetValueOrDefault(field.Type);
        return fields is null ? field : field with { Fields = fields.Select(f => Resolve(f, structures)).ToList() };
    }

    [GeneratedRegex(
        @"^(?<name>\w+) (?<array>\[\])?(?<type>\w+)(?<null>\?)?(?:\((?<nullIn>[\d+-]+)\))?(?: (?<in>[\d+-]+))?" +
        @"(?: = (?<default>\S+))?(?: (?:key|ignorable|zerocopy|@\w+|inflexible|tag (?<tag>\d+)))*(?: \{)?$")]
    private static partial Regex FieldLine();
}
