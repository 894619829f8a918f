using System.Collections;
using System.Reflection;
using Moldau.Base;
using Moldau.Generators.Schema;

namespace Moldau.Protocol.Tests;

internal enum Filling
{
    Defaults,
    Random,
    Empty,
    Maximal,

    /// <summary>One element in each array of structures, at every depth; all else is the default.</summary>
    Nested,
}

/// <summary>Builds messages with contents that are legal in a version, by schema and reflection.</summary>
internal sealed class Filler(MessageModel message, short version, Filling filling, int seed)
{
    private readonly Random _random = new(seed);

    public static IMessage Random(string message, short version, int seed) =>
        new Filler(SchemaCatalog.Messages[message], version, Filling.Random, seed).Build();

    public IMessage Build() => (IMessage)Build(message.Root, SchemaCatalog.TypeOf(message.Name));

    private object Build(StructureModel structure, Type type)
    {
        object target = Activator.CreateInstance(type)!;
        if (filling == Filling.Defaults) return target;
        foreach (FieldModel field in structure.Fields)
        {
            if (!field.IsPresent(version) || (filling == Filling.Nested && !field.IsStructure)) continue;
            PropertyInfo property = type.GetProperty(field.Name)!;
            property.SetValue(target, Value(field, property.PropertyType));
        }

        if (message.Flexible.Has(version) && filling != Filling.Nested)
            type.GetProperty("UnknownTaggedFields")!.SetValue(target, Unknown());
        return target;
    }

    private List<RawTaggedField>? Unknown()
    {
        if (filling == Filling.Empty || _random.Next(4) == 0) return null;
        int count = filling == Filling.Maximal ? 200 : _random.Next(1, 3);
        return Enumerable.Range(0, count)
            .Select(i => new RawTaggedField((uint)(1000 + (i * 1000)), Bytes(_random.Next(200)))).ToList();
    }

    private object? Value(FieldModel field, Type type)
    {
        bool nullable = field.Nullable.Has(version);
        if (nullable && (filling == Filling.Empty || (filling == Filling.Random && _random.Next(4) == 0))) return null;
        if (!field.IsArray) return Element(field, type);
        var list = (IList)Activator.CreateInstance(type)!;
        int count = filling switch
        {
            Filling.Empty => 0,
            Filling.Nested => 1,
            Filling.Maximal => field.IsStructure ? 3 : 150,
            _ => _random.Next(4),
        };
        for (int i = 0; i < count; i++) list.Add(Element(field, type.GetGenericArguments()[0]));
        return list;
    }

    private object Element(FieldModel field, Type type)
    {
        if (field.IsStructure) return Build(message.Structure(field.Type), type);
        bool max = filling == Filling.Maximal;
        bool zero = filling == Filling.Empty;
        return field.Type switch
        {
            "bool" => !zero && (max || _random.Next(2) == 1),
            "int8" => zero ? (sbyte)0 : max ? sbyte.MaxValue : (sbyte)_random.Next(sbyte.MinValue, sbyte.MaxValue),
            "int16" => zero ? (short)0 : max ? short.MaxValue : (short)_random.Next(short.MinValue, short.MaxValue),
            "uint16" => zero ? (ushort)0 : max ? ushort.MaxValue : (ushort)_random.Next(ushort.MaxValue),
            "int32" => zero ? 0 : max ? int.MaxValue : _random.Next(int.MinValue, int.MaxValue),
            "uint32" => zero ? 0u : max ? uint.MaxValue : (uint)_random.NextInt64(uint.MaxValue),
            "int64" => zero ? 0L : max ? long.MaxValue : _random.NextInt64(long.MinValue, long.MaxValue),
            "float64" => zero ? 0.0 : max ? double.MaxValue : _random.NextDouble() * 1e9,
            "uuid" => zero ? Uuid.Zero : max ? new Uuid(-1, -1) : new Uuid(_random.NextInt64(), _random.NextInt64()),
            "string" => zero ? "" : max ? new string('m', 300) + "µ€𝄞" : Text(),
            _ => zero ? [] : Bytes(max ? 2000 : _random.Next(40)),
        };
    }

    private string Text()
    {
        string[] pieces = ["a", "topic", "größe", "日本", "𝄞", "-", ".", "0"];
        return string.Concat(Enumerable.Range(0, _random.Next(5)).Select(_ => pieces[_random.Next(pieces.Length)]));
    }

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }
}
