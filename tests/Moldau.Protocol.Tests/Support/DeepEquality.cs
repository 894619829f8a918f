using System.Collections;
using System.Reflection;

namespace Moldau.Protocol.Tests;

/// <summary>Compares two messages property by property and names the first place where they differ.</summary>
internal static class DeepEquality
{
    public static string? Difference(object? left, object? right, string path = "")
    {
        if (left is null || right is null)
            return ReferenceEquals(left, right) ? null : $"{path}: {left ?? "null"} / {right ?? "null"}";
        if (left is string or byte[] or RawTaggedField || left.GetType().IsPrimitive) return Plain(left, right, path);
        if (left is IList list) return Lists(list, (IList)right, path);
        if (left is not IMessage && left.GetType().DeclaringType is null) return Plain(left, right, path);
        foreach (PropertyInfo property in left.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            object? a = property.GetValue(left), b = property.GetValue(right);
            if (Difference(a, b, $"{path}.{property.Name}") is { } difference) return difference;
        }

        return null;
    }

    private static string? Lists(IList left, IList right, string path)
    {
        if (left.Count != right.Count) return $"{path}: {left.Count} / {right.Count} elements";
        for (int i = 0; i < left.Count; i++)
        {
            if (Difference(left[i], right[i], $"{path}[{i}]") is { } difference) return difference;
        }

        return null;
    }

    private static string? Plain(object left, object right, string path)
    {
        bool same = (left, right) switch
        {
            (byte[] a, byte[] b) => a.AsSpan().SequenceEqual(b),
            (RawTaggedField a, RawTaggedField b) => a.Tag == b.Tag && a.Data.AsSpan().SequenceEqual(b.Data),
            _ => left.Equals(right),
        };
        return same ? null : $"{path}: {left} / {right}";
    }
}
