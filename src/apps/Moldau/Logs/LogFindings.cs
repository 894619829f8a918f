namespace Moldau.Logs;

/// <summary>Something that is wrong with a log.</summary>
/// <param name="File">The file, or the partition's folder.</param>
/// <param name="Position">Where in the file, in bytes; null where no place is meant.</param>
/// <param name="Offset">The record's offset; null where none is meant.</param>
/// <param name="Problem">What is wrong, in one sentence.</param>
internal sealed record LogFinding(string File, long? Position, long? Offset, string Problem);

/// <summary>What a check has found, and how much it has read.</summary>
internal sealed class LogFindings(CancellationToken cancel)
{
    /// <summary>Of one file: after so many the rest is not worth a line each.</summary>
    public const int MostOfAFile = 20;

    private readonly List<LogFinding> _all = [];
    private string _file = "";
    private int _ofFile;

    public IReadOnlyList<LogFinding> All => _all;

    public int Partitions { get; set; }

    public int Segments { get; set; }

    public long Batches { get; set; }

    public long Bytes { get; set; }

    public void Add(string file, long? position, long? offset, string problem)
    {
        if (file != _file) (_file, _ofFile) = (file, 0);
        if (++_ofFile < MostOfAFile) _all.Add(new LogFinding(file, position, offset, problem));
        else if (_ofFile == MostOfAFile) _all.Add(new LogFinding(file, null, null, "and more of them"));
    }

    public void ThrowIfCancelled() => cancel.ThrowIfCancellationRequested();
}
