namespace Moldau.Cli.Shims;

/// <summary>The options of a script.</summary>
internal static class ShimHelp
{
    public static void Write(Shim shim, TextWriter output)
    {
        output.WriteLine($"{shim.Name}, as 'moldau' does it. Options:");
        foreach (string option in shim.Options.Split(' ').Order(StringComparer.Ordinal)) output.WriteLine(Text(option));
        if (shim.Actions.Count > 0) output.WriteLine($"Actions: {string.Join(", ", shim.Actions)}");
        foreach ((string action, string options) in shim.ActionOptions)
            output.WriteLine($"{action}: {string.Join(' ', options.Split(' ').Select(Text))}");
    }

    /// <summary>Tells of a wrong command line as the script does.</summary>
    public static void WriteUsage(Shim shim, string wrong, TextWriter output)
    {
        switch (shim.UsageStyle)
        {
            case UsageStyle.TextAlone:
                output.Write($"Command line error: {wrong}. Type --help for help.");
                break;
            case UsageStyle.OptionsThenText:
                Write(shim, output);
                output.WriteLine($"{shim.Program ?? shim.Name}: error: {wrong}");
                break;
            case UsageStyle.TextThenOptions:
            default:
                output.WriteLine(wrong);
                Write(shim, output);
                break;
        }
    }

    /// <summary>An option of one letter has one dash.</summary>
    private static string Text(string option)
    {
        string name = option.TrimEnd(':', '?');
        return $"{(name.Length == 1 ? "-" : "--")}{name}{(option.EndsWith(':') ? " VALUE" : option.EndsWith('?') ? " [VALUE]" : "")}";
    }
}
