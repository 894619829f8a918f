using System.Reflection;
using Moldau.Generators.Schema;

namespace Moldau.Protocol.Tests;

/// <summary>The product's schemas, parsed by the generator's own parser.</summary>
internal static class SchemaCatalog
{
    public static IReadOnlyList<FileModel> Files { get; } = Load();

    public static IReadOnlyDictionary<string, MessageModel> Messages { get; } =
        Files.SelectMany(f => f.Messages).ToDictionary(m => m.Name);

    /// <summary>Every message with each of its versions.</summary>
    public static IEnumerable<(MessageModel Message, short Version)> All =>
        from message in Messages.Values
        from version in Enumerable.Range(message.Versions.Low, message.Versions.High - message.Versions.Low + 1)
        select (message, (short)version);

    public static string Text(string resource)
    {
        using Stream stream = typeof(SchemaCatalog).Assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    public static Type TypeOf(string message) =>
        typeof(IMessage).Assembly.GetType($"Moldau.Protocol.{message}", throwOnError: true)!;

    public static StructureModel Structure(this MessageModel message, string name) =>
        message.Structures.First(s => s.Name == name);

    public static bool Has(this VersionRange range, int version) => version >= range.Low && version <= range.High;

    /// <summary>Whether the field is on the wire in this version.</summary>
    public static bool IsPresent(this FieldModel field, int version) =>
        (field.IsTagged ? field.Tagged : field.Versions).Has(version);

    private static List<FileModel> Load() =>
        Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(n => n.EndsWith(".kmsg", StringComparison.Ordinal))
            .OrderBy(n => n, StringComparer.Ordinal)
            .Select(n => SchemaParser.Parse(n, Text(n)))
            .ToList();
}
