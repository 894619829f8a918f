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
    public const string Recursion = "MOLP006";
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
        foreach (StructureModel structure in message.Structures)
        {
            Check(message, structure, names, problems);
            // Without recursion, the depth of a message is that of its schema, whatever the bytes say.
            if (Reaches(message, structure, structure.Name, []))
                problems.Add(new(Diagnostics.Recursion, $"'{structure.Name}' contains itself", structure.Position));
        }
    }

    private static bool Reaches(MessageModel message, StructureModel from, string name, HashSet<string> seen)
    {
        foreach (FieldModel field in from.Fields)
        {
            if (!field.IsStructure) continue;
            if (field.Type == name) return true;
            StructureModel? next = message.Structures.FirstOrDefault(s => s.Name == field.Type);
            if (next is not null && seen.Add(field.Type) && Reaches(message, next, name, seen)) return true;
        }

        return false;
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
