using Moldau.Generators.Schema;

namespace Moldau.Fuzz;

/// <summary>The product's schemas, read by the generator's own parser: what the generated code was made from, not the code.</summary>
internal static class SchemaCatalog
{
    private static readonly Dictionary<string, MessageModel> ByName = Load();

    public static MessageModel Of(string message) => ByName[message];

    public static bool Has(this VersionRange range, int version) => version >= range.Low && version <= range.High;

    /// <summary>Whether the field is on the wire in this version.</summary>
    public static bool IsPresent(this FieldModel field, int version) => (field.IsTagged ? field.Tagged : field.Versions).Has(version);

    private static Dictionary<string, MessageModel> Load()
    {
        Dictionary<string, MessageModel> messages = new(StringComparer.Ordinal);
        foreach (string name in typeof(SchemaCatalog).Assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            using StreamReader reader = new(typeof(SchemaCatalog).Assembly.GetManifestResourceStream(name)!); // it was listed
            foreach (MessageModel message in SchemaParser.Parse(name, reader.ReadToEnd()).Messages) messages.Add(message.Name, message);
        }

        return messages;
    }
}
