namespace Moldau.Cli.Output;

/// <summary>A column of a result.</summary>
/// <param name="Name">The field's name in JSON and YAML, in camel case; the table's head is made of it.</param>
/// <param name="IsWide">Left out of a narrow table.</param>
/// <param name="Kind">Its type in JSON, as <c>-o schema</c> tells it.</param>
internal sealed record Column(string Name, bool IsWide = false, string Kind = Column.Text)
{
    public const string Text = "string";

    /// <summary>A column of JSON, whose shape depends on the row.</summary>
    public const string Any = "any";

    private const string Integer = "integer";

    /// <summary>A column of whole numbers.</summary>
    public static Column Number(string name, bool isWide = false) => new(name, isWide, Integer);

    /// <summary>A column of numbers with a fraction.</summary>
    public static Column Decimal(string name, bool isWide = false) => new(name, isWide, "number");

    /// <summary>A column of yes and no.</summary>
    public static Column Fact(string name, bool isWide = false) => new(name, isWide, "boolean");

    /// <summary>A column of lists of whole numbers.</summary>
    public static Column Numbers(string name, bool isWide = false) => new(name, isWide, "integer[]");

    /// <summary><c>highWatermark</c> → <c>HIGH-WATERMARK</c></summary>
    public string Head
    {
        get
        {
            System.Text.StringBuilder head = new();
            foreach (char c in Name)
            {
                if (char.IsUpper(c)) head.Append('-');
                head.Append(char.ToUpperInvariant(c));
            }

            return head.ToString();
        }
    }
}

/// <summary>What a command found out: rows of typed values under named columns. The first column names the row.</summary>
internal sealed class CommandResult(params Column[] columns)
{
    private readonly List<object?[]> _rows = [];

    public IReadOnlyList<Column> Columns { get; } = columns;

    public IReadOnlyList<object?[]> Rows => _rows;

    /// <summary>A row; each value is a string, an int, a long, a double, a bool, a list of ints, JSON, or null for what is
    /// not known.</summary>
    public void Add(params object?[] row)
    {
        if (row.Length != Columns.Count) throw new ArgumentException("a row has a value for each column", nameof(row));
        _rows.Add(row);
    }
}
