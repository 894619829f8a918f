using Moldau.Generators.Schema;

namespace Moldau.Generators.Emit;

/// <summary>The C# of one field: its type, default, and the expressions that read, write and compare it.</summary>
internal sealed class FieldCode(MessageModel message, FieldModel model, Func<string, string> nameOf)
{
    private const string Version = "version";

    public FieldModel Field => model;

    /// <summary>The versions in which the field is on the wire.</summary>
    public VersionRange Present => (model.IsTagged ? model.Tagged : model.Versions).And(message.Versions);

    private VersionRange Nullable => model.Nullable.And(Present);

    /// <summary>Whether the property admits null.</summary>
    public bool IsNullable => !Nullable.IsEmpty;

    private bool IsReference => model.IsArray || model.IsStructure || model.Type is "string" or "bytes" or "records";

    private string ElementType => model.IsStructure ? nameOf(model.Type) : Primitive(model.Type);

    private string Flexible =>
        model.IsNeverFlexible || message.Flexible.IsEmpty ? "false"
        : message.Flexible.Covers(message.Versions) ? "true"
        : "flexible";

    /// <summary>Bytes that the property takes in a new object, with what its initializer makes.</summary>
    public int SlotSize
    {
        get
        {
            if (model.Type == "uuid" && !model.IsArray) return 16;
            if (!IsReference) return model.Type is "int64" or "float64" ? 8 : 4;
            return IsNullable && !DefaultsToNull ? model.IsArray ? 40 : model.IsStructure ? 200 : 8 : 8;
        }
    }

    /// <summary>A structure that may be null has another mark before it where it is a tagged field.</summary>
    private string Tagged => model.IsTagged ? "Tagged" : "";

    private bool DefaultsToNull => model.Default == "null" || (model.Type == "records" && IsNullable);

    public string Property()
    {
        string name = model.Name;
        if (model.IsArray || model.IsStructure)
        {
            string type = model.IsArray ? $"List<{ElementType}>" : ElementType;
            string initial = DefaultsToNull ? "" : model.IsArray ? " = [];" : " = new();";
            if (IsNullable) return $"public {type}? {name} {{ get; set; }}{initial}";
            return $"public {type} {name} {{ get => field ??= {(model.IsArray ? "[]" : "new()")}; set; }}";
        }

        string value = DefaultsToNull ? "" : model.Type switch
        {
            "string" => $" = {model.Default ?? "\"\""};",
            "bytes" or "records" => " = [];",
            _ => model.Default is null or "0" or "false" ? "" : $" = {Literal()};",
        };
        return $"public {Primitive(model.Type)}{(IsNullable ? "?" : "")} {name} {{ get; set; }}{value}";
    }

    /// <summary>A condition that holds where the property differs from its default.</summary>
    public string IsSet()
    {
        string name = model.Name;
        if (DefaultsToNull) return $"{name} is not null";
        if (model.IsArray) return IsNullable ? $"{name} is not {{ Count: 0 }}" : $"{name}.Count != 0";
        if (model.IsStructure) return IsNullable ? $"({name} is null || !{name}.IsDefault)" : $"!{name}.IsDefault";
        return model.Type switch
        {
            "string" => $"{name} is not {model.Default ?? "\"\""}",
            "bytes" or "records" => $"{name} is not {{ Length: 0 }}",
            "bool" => model.Default == "true" ? $"!{name}" : name,
            "uuid" => $"!{name}.IsZero",
            _ => $"{name} != {Literal()}",
        };
    }

    public string Read()
    {
        string plain = ReadPlain();
        if (!IsReference || Nullable.IsEmpty) return IsNullable && model.IsArray ? plain + " ?? []" : plain;
        string nullable = ReadNullable();
        if (Nullable.Covers(Present)) return nullable;
        return $"{Conditions.In(Nullable, Present)} ? {nullable} : {(model.IsArray ? $"({plain} ?? [])" : plain)}";
    }

    public IEnumerable<string> Write()
    {
        if (!IsReference || Nullable.IsEmpty) return [WritePlain()];
        if (Nullable.Covers(Present)) return [WriteNullable()];
        return [$"if ({Conditions.In(Nullable, Present)}) {WriteNullable()}", $"else {WritePlain()}"];
    }

    private string ReadPlain() =>
        model.IsArray
            ? model.IsStructure
                ? $"reader.ReadStructures<{ElementType}>({Flexible}, {Version})"
                : $"reader.ReadList<{ElementType}, {Codec()}>({Flexible})"
        : model.IsStructure ? $"reader.ReadStructure<{ElementType}>({Version})"
        : model.Type switch
        {
            "string" => $"reader.ReadString({Flexible})",
            "bytes" => $"reader.ReadBytes({Flexible})",
            "records" => $"reader.ReadBytes({Flexible})",
            _ => $"reader.Read{Suffix()}()",
        };

    private string ReadNullable() =>
        model.IsArray
            ? model.IsStructure
                ? $"reader.ReadNullableStructures<{ElementType}>({Flexible}, {Version})"
                : $"reader.ReadNullableList<{ElementType}, {Codec()}>({Flexible})"
        : model.IsStructure
            ? $"reader.Read{Tagged}NullMark() ? null : reader.ReadStructure<{ElementType}>({Version})"
        : model.Type == "string" ? $"reader.ReadNullableString({Flexible})"
        : $"reader.ReadNullableBytes({Flexible})";

    private string WritePlain()
    {
        if (model.IsArray)
        {
            return model.IsStructure
                ? $"writer.WriteStructures({model.Name}, {Flexible}, {Version});"
                : $"writer.WriteList<{ElementType}, {Codec()}>({model.Name}, {Flexible});";
        }

        if (model.IsStructure) return $"KafkaWriter.Required({model.Name}).Write(ref writer, {Version});";
        return model.Type switch
        {
            "string" => $"writer.WriteString({model.Name}, {Flexible});",
            "bytes" or "records" => $"writer.WriteBytes({model.Name}, {Flexible});",
            _ => $"writer.Write{Suffix()}({model.Name});",
        };
    }

    private string WriteNullable()
    {
        if (model.IsArray)
        {
            return model.IsStructure
                ? $"writer.WriteNullableStructures({model.Name}, {Flexible}, {Version});"
                : $"writer.WriteNullableList<{ElementType}, {Codec()}>({model.Name}, {Flexible});";
        }

        if (model.IsStructure)
            return $"writer.WriteNullable{Tagged}Structure({model.Name}, {Version});";
        return model.Type == "string"
            ? $"writer.WriteNullableString({model.Name}, {Flexible});"
            : $"writer.WriteNullableBytes({model.Name}, {Flexible});";
    }

    private string Suffix() => model.Type switch
    {
        "bool" => "Bool",
        "int8" => "Int8",
        "int16" => "Int16",
        "uint16" => "UInt16",
        "int32" => "Int32",
        "uint32" => "UInt32",
        "int64" => "Int64",
        "float64" => "Float64",
        _ => "Uuid",
    };

    private string Codec() => model.Type switch
    {
        "string" => "StringCodec",
        "bytes" => "BytesCodec",
        _ => Suffix() + "Codec",
    };

    private string Literal() => model.Default switch
    {
        null => "0",
        "-2147483648" => "int.MinValue",
        string value => value,
    };

    private static string Primitive(string type) => type switch
    {
        "bool" => "bool",
        "int8" => "sbyte",
        "int16" => "short",
        "uint16" => "ushort",
        "int32" => "int",
        "uint32" => "uint",
        "int64" => "long",
        "float64" => "double",
        "uuid" => "Uuid",
        "string" => "string",
        _ => "byte[]",
    };
}
