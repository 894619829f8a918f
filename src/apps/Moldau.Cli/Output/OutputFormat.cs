namespace Moldau.Cli.Output;

/// <summary>The formats of <c>-o</c>.</summary>
internal enum OutputFormat
{
    Table,
    Wide,
    Json,
    Yaml,
    Ndjson,
    Name,

    /// <summary>The fields of the result and their types, without asking the cluster.</summary>
    Schema,
}

internal static class OutputFormats
{
    public const string Names = "table|wide|json|yaml|ndjson|name|schema";

    public static OutputFormat Parse(string? text) => text switch
    {
        null or "table" => OutputFormat.Table,
        "wide" => OutputFormat.Wide,
        "json" => OutputFormat.Json,
        "yaml" => OutputFormat.Yaml,
        "ndjson" => OutputFormat.Ndjson,
        "name" => OutputFormat.Name,
        "schema" => OutputFormat.Schema,
        _ => throw new CommandException($"'{text}' is no output format; they are {Names}", ExitCodes.Usage),
    };
}
