using Moldau.Cli.Bench;
using Moldau.Cli.Records;

namespace Moldau.Cli.Verbs;

/// <summary>The records of standard input or of files, at a pace, and again where that is wanted.</summary>
/// <param name="open">Reads records out of a stream.</param>
/// <param name="files">Names of files, <c>-</c> for standard input, which is also meant by none.</param>
/// <param name="rate">Records a second; 0 for as fast as it goes.</param>
/// <param name="times">How often all of it is sent.</param>
internal sealed class ProduceInput(Func<Stream, IRecordSource> open, string[] files, double rate, int times)
{
    private readonly Pace _pace = new(rate);

    /// <summary>What was read, where it is sent again: standard input is there only once.</summary>
    private readonly List<ParsedRecord> _kept = [];

    /// <summary>The only input, of which a part was read before; null where nothing was.</summary>
    private InputAhead? _ahead;

    /// <summary>True where the input is at hand, and little. It waits until the input begins.</summary>
    public bool IsShort(CancellationToken cancel)
    {
        if (files.Length > 1 || rate > 0 || times > 1) return false;
        _ahead = new InputAhead(Open(files is [string file] ? file : "-"));
        return _ahead.ReadToEnd(cancel);
    }

    /// <summary>Null, or why the rest of the input was not read.</summary>
    public async Task<string?> SendAsync(Func<ParsedRecord, ValueTask> send, ProduceReport report, CancellationToken cancel)
    {
        try
        {
            foreach (string file in files.Length == 0 ? ["-"] : files)
                if (await SendFileAsync(file, send, report, cancel).ConfigureAwait(false) is { } trouble) return trouble;
            for (int time = 1; time < times; time++)
            {
                foreach (ParsedRecord record in _kept)
                {
                    if (report.HasFailed) return null;
                    await _pace.NextAsync(cancel).ConfigureAwait(false);
                    await send(record).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            report.IsInterrupted = true;
        }

        return null;
    }

    private static Stream Open(string file) => file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);

    private async Task<string?> SendFileAsync(
        string file, Func<ParsedRecord, ValueTask> send, ProduceReport report, CancellationToken cancel)
    {
        Stream stream = _ahead ?? Open(file);
        await using (stream.ConfigureAwait(false))
        {
            IRecordSource source = open(stream);
            long number = 1;
            try
            {
                while (!report.HasFailed && await source.NextAsync(cancel).ConfigureAwait(false) is { } record)
                {
                    if (times > 1) _kept.Add(record);
                    await _pace.NextAsync(cancel).ConfigureAwait(false);
                    await send(record).ConfigureAwait(false);
                    number++;
                }

                return null;
            }
            catch (FormatException error)
            {
                return $"record {number} of {(file == "-" ? "standard input" : file)}: {error.Message}";
            }
        }
    }
}
