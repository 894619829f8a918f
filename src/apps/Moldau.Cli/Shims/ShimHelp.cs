namespace Moldau.Cli.Shims;

/// <summary>The options of a script.</summary>
internal static class ShimHelp
{
    public static void Write(Shim shim, TextWriter output)
    {
        output.WriteLine($"{shim.Name}, as 'moldau' does it. Options:");
        foreach (string option in shim.Options.Split(' ').Order(StringComparer.Ordinal))
        {
            string name = option.TrimEnd(':', '?');
            output.WriteLine($"--{name}{(option.EndsWith(':') ? " VALUE" : option.EndsWith('?') ? " [VALUE]" : "")}");
        }

        if (shim.Actions.Count > 0) output.WriteLine($"Actions: {string.Join(", ", shim.Actions)}");
    }
}
