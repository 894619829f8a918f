using Moldau.Generators.Schema;

namespace Moldau.Generators.Emit;

internal static class Conditions
{
    /// <summary>The condition that <c>version</c> lies in <paramref name="range"/>, given that it lies in
    /// <paramref name="known"/>.</summary>
    public static string In(VersionRange range, VersionRange known)
    {
        VersionRange cut = range.And(known);
        if (cut.IsEmpty) return "false";
        if (cut == known) return "true";
        if (cut.High == known.High) return $"version >= {cut.Low}";
        if (cut.Low == known.Low) return $"version <= {cut.High}";
        return cut.Low == cut.High ? $"version == {cut.Low}" : $"version is >= {cut.Low} and <= {cut.High}";
    }
}
