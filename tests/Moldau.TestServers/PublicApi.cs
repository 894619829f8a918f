using System.Globalization;
using System.Reflection;
using System.Text;

namespace Moldau.TestServers;

/// <summary>The public API of an assembly as text, one line for each type and member, so that a change of it is seen in a
/// review. <c>MOLDAU_WRITE_API=1</c> makes the tests write the files instead of comparing them.</summary>
public static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    /// <summary>Null where the committed listing is the assembly's; else the first lines that differ.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="file">The listing, from the repository's root.</param>
    public static string? Difference(Assembly assembly, string file)
    {
        string path = Path.Combine(Repository.Root, file);
        string[] now = [.. Lines(assembly)];
        if (Environment.GetEnvironmentVariable("MOLDAU_WRITE_API") == "1") File.WriteAllText(path, string.Join('\n', now) + "\n");
        string[] known = File.Exists(path) ? File.ReadAllLines(path) : [];
        string[] added = [.. now.Except(known).Select(l => $"+ {l}")];
        string[] gone = [.. known.Except(now).Select(l => $"- {l}")];
        if (added.Length + gone.Length == 0) return null;
        return $"{file} is not the API any more; MOLDAU_WRITE_API=1 writes it anew:\n{string.Join('\n', added.Concat(gone).Take(40))}";
    }

    private static IEnumerable<string> Lines(Assembly assembly)
    {
        foreach (Type type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            yield return TypeLine(type);
            if (typeof(Delegate).IsAssignableFrom(type)) continue;
            foreach (string member in Members(type).Distinct().Order(StringComparer.Ordinal)) yield return $"  {member}";
        }
    }

    private static string TypeLine(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            MethodInfo invoke = type.GetMethod("Invoke")!;
            return $"delegate {Name(invoke.ReturnType)} {Name(type)}({Parameters(invoke)})";
        }

        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
            : type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsAbstract ? "abstract class"
            : type.IsSealed ? "sealed class" : "class";
        Type? above = type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) && b != typeof(Enum) ? b : null;
        IEnumerable<Type> below = type.IsEnum ? [] : type.GetInterfaces().Where(i => i.IsPublic || i.IsNestedPublic);
        string[] bases = [.. (above is null ? [] : new[] { Name(above) }).Concat(below.Select(Name).Order(StringComparer.Ordinal))];
        return $"{kind} {Name(type)}{(bases.Length == 0 ? "" : $" : {string.Join(", ", bases)}")}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            foreach (string name in Enum.GetNames(type))
                yield return $"{name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}";
            yield break;
        }

        foreach (FieldInfo field in type.GetFields(Declared).Where(f => f.IsPublic))
            yield return $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}"
                + (field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "");
        foreach (ConstructorInfo made in type.GetConstructors(Declared).Where(c => c.IsPublic || c.IsFamily))
            yield return $"new({Parameters(made)})";
        NullabilityInfoContext nullability = new();
        foreach (PropertyInfo property in type.GetProperties(Declared))
        {
            if (property.GetMethod is not { } get || !(get.IsPublic || get.IsFamily)) continue;
            bool isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Length > 0;
            string set = property.SetMethod is not { IsPublic: true } ? "" : isInit ? " init;" : " set;";
            yield return $"{(get.IsStatic ? "static " : "")}{Name(property.PropertyType, nullability.Create(property))} {property.Name} {{ get;{set} }}";
        }

        foreach (MethodInfo method in type.GetMethods(Declared).Where(m => (m.IsPublic || m.IsFamily) && !IsCompilers(m)))
        {
            string generics = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
            yield return $"{(method.IsStatic ? "static " : "")}{Name(method.ReturnType, nullability.Create(method.ReturnParameter))} "
                + $"{method.Name}{generics}({Parameters(method)})";
        }
    }

    /// <summary>Accessors, and what every record has.</summary>
    private static bool IsCompilers(MethodInfo method) =>
        (method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal))
        || method.Name is "<Clone>$" or "PrintMembers" or "GetHashCode" or "Equals" or "ToString" or "op_Equality" or "op_Inequality"
        || method.Name.Contains('.', StringComparison.Ordinal);

    private static string Parameters(MethodBase method)
    {
        NullabilityInfoContext nullability = new();
        return string.Join(", ", method.GetParameters().Select(p =>
        {
            string way = p.IsOut ? "out " : p.IsIn ? "in " : p.ParameterType.IsByRef ? "ref " : "";
            return $"{way}{Name(p.ParameterType, nullability.Create(p))} {p.Name}{(p.IsOptional ? " = …" : "")}";
        }));
    }

    private static string Name(Type type, NullabilityInfo nullability) =>
        Name(type) + (!type.IsValueType && nullability.ReadState == NullabilityState.Nullable ? "?" : "");

    private static string Name(Type type)
    {
        if (type.IsByRef) return Name(type.GetElementType()!);
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[]";
        if (Nullable.GetUnderlyingType(type) is { } inner) return $"{Name(inner)}?";
        if (type.IsGenericParameter) return type.Name;
        StringBuilder name = new();
        if (type.IsNested) name.Append(Name(type.DeclaringType!)).Append('.');
        else if (type.Namespace is { } space && !space.StartsWith("System", StringComparison.Ordinal)) name.Append(space).Append('.');
        name.Append(type.Name.Split('`')[0]);
        if (type.IsGenericType)
        {
            int inherited = type.IsNested ? type.DeclaringType!.GetGenericArguments().Length : 0;
            string own = string.Join(", ", type.GetGenericArguments().Skip(inherited).Select(Name));
            if (own.Length > 0) name.Append('<').Append(own).Append('>');
        }

        return name.ToString();
    }
}
