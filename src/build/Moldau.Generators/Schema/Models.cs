namespace Moldau.Generators.Schema;

/// <summary>Versions from <see cref="Low"/> to <see cref="High"/>, both included; empty when High is below
/// Low.</summary>
internal readonly record struct VersionRange(int Low, int High)
{
    public const int Open = short.MaxValue;
    public static readonly VersionRange All = new(0, Open);
    public static readonly VersionRange None = new(0, -1);

    public bool IsEmpty => High < Low;

    public VersionRange And(VersionRange other) => new(Math.Max(Low, other.Low), Math.Min(High, other.High));

    public bool Covers(VersionRange other) => other.IsEmpty || (Low <= other.Low && High >= other.High);
}

/// <summary>A place in a schema file, both numbers counted from zero as Roslyn does.</summary>
internal readonly record struct Position(int Line, int Column);

internal sealed record FieldModel(
    string Name,
    string Type,
    bool IsArray,
    bool IsStructure,
    VersionRange Versions,
    VersionRange Nullable,
    int Tag,
    VersionRange Tagged,
    string? Default,
    bool IsIgnorable,
    bool IsNeverFlexible,
    Position Position)
{
    public bool IsTagged => Tag >= 0;
}

internal sealed record StructureModel(string Name, EquatableArray<FieldModel> Fields, Position Position);

internal enum MessageKind
{
    Request,
    Response,
    Header,
    Data,
    Record,
    Key,
    Value,
}

/// <summary>One message: its own fields are <see cref="Root"/>, and every structure below it, at any depth,
/// is in <see cref="Structures"/>.</summary>
internal sealed record MessageModel(
    MessageKind Kind,
    string Name,
    string Set,
    int Id,
    VersionRange Versions,
    VersionRange Flexible,
    StructureModel Root,
    EquatableArray<StructureModel> Structures);

internal sealed record ApiModel(int Key, string Name, bool IsRemoved, bool LatestUnstable,
    EquatableArray<string> Listeners);

internal sealed record ProblemModel(string Id, string Text, Position Position);

/// <summary>What one schema file says, problems included. Compares by content.</summary>
internal sealed record FileModel(
    string Path,
    ApiModel? Api,
    EquatableArray<MessageModel> Messages,
    EquatableArray<ProblemModel> Problems);
