namespace Moldau.Cli.Records;

/// <summary>Where records to be written come from.</summary>
internal interface IRecordSource
{
    /// <summary>The next record; null at the end.</summary>
    /// <exception cref="FormatException">What is there is no record; the text says why.</exception>
    ValueTask<ParsedRecord?> NextAsync(CancellationToken cancel);
}

/// <summary>Records cut out of a stream by a percent format.</summary>
internal sealed class TextSource(Stream stream, RecordParser parser) : IRecordSource
{
    private readonly RecordInput _input = new(stream, parser.Terminator);

    public async ValueTask<ParsedRecord?> NextAsync(CancellationToken cancel) =>
        await _input.NextAsync(cancel).ConfigureAwait(false) is { } piece ? parser.Parse(piece.Span) : null;
}
