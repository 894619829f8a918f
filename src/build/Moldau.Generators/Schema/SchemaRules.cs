namespace Moldau.Generators.Schema;

/// <summary>A problem that ends the reading of a file.</summary>
internal sealed class SchemaException(string id, string text, Position position) : Exception(text)
{
    public string Id => id;

    public Position Position => position;
}

internal static class Diagnostics
{
    public const string Syntax = "MOLP001";
    public const string BadRange = "MOLP002";
    public const string UnknownStructure = "MOLP003";
    public const string Duplicate = "MOLP004";
    public const string BadTag = "MOLP005";
}

/// <summary>What must hold in a message beyond its grammar.</summary>
internal static class SchemaRules
{
    public static void Check(MessageModel message, List<ProblemModel> problems)
    {
        var names = new HashSet<string>();
        foreach (StructureModel structure in message.Structures)
        {
            if (!names.Add(structure.Name))
                problems.Add(new(Diagnostics.Duplicate, $"structure '{structure.Name}' is defined twice",
                    structure.Position));
        }

        Check(message, message.Root, names, problems);
        foreach (StructureModel structure in message.Structures) Check(message, structure, names, problems);
    }

    private static void Check(
        MessageModel message, StructureModel structure, HashSet<string> structures, List<ProblemModel> problems)
    {
        var names = new HashSet<string>();
        var tags = new HashSet<int>();
        foreach (FieldModel field in structure.Fields)
        {
            if (!names.Add(field.Name))
                problems.Add(new(Diagnostics.Duplicate, $"field '{field.Name}' is defined twice", field.Position));
            if (field.IsStructure && !structures.Contains(field.Type))
                problems.Add(new(Diagnostics.UnknownStructure, $"there is no structure '{field.Type}'",
                    field.Position));
            if (!field.IsTagged) continue;
            if (!tags.Add(field.Tag))
                problems.Add(new(Diagnostics.BadTag, $"tag {field.Tag} is used twice", field.Position));
            if (!message.Flexible.Covers(field.Tagged.And(message.Versions)))
                problems.Add(new(Diagnostics.BadTag, $"'{field.Name}' is tagged in a version that is not flexible",
                    field.Position));
        }
    }
}
