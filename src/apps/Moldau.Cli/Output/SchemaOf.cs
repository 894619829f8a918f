using Moldau.Cli.Parsing;

namespace Moldau.Cli.Output;

/// <summary><c>-o schema</c>: the fields that a verb's result has, so that scripts can rely on them.</summary>
internal static class SchemaOf
{
    private static readonly Column[] Columns = [new("field"), new("type"), new("shown")];

    /// <summary>Prints the fields; the result is the exit code.</summary>
    /// <exception cref="CommandException">The verb prints something else than rows.</exception>
    public static int Show(Command command)
    {
        if (command.Columns.Count == 0)
            throw new CommandException($"'{command.Name}' prints no rows, so it has no schema; see 'moldau help {command.Name}'", ExitCodes.Usage);
        CommandResult result = new(Columns);
        foreach (Column column in command.Columns) result.Add(column.Name, column.Kind, column.IsWide ? "wide" : "table");
        Console.Out.Write(Renderer.Render(result, OutputFormat.Table, hasColour: false));
        Console.Out.Flush();
        return ExitCodes.Ok;
    }
}
