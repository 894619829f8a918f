namespace Moldau.Coordination.Tests;

/// <summary>Rules of the classic group protocol as transcripts that anyone can read. The answers were compared with
/// those of a running Apache Kafka 4.4.0, but for faults of the log, where its tables of errors count.
/// MOLDAU_REWRITE=&lt;folder&gt; writes what was answered instead.</summary>
public sealed class TranscriptTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Transcripts");

    public static IEnumerable<TheoryDataRow<string>> All =>
        Directory.GetFiles(Folder, "*.txt").Order(StringComparer.Ordinal).Select(f => new TheoryDataRow<string>(Path.GetFileName(f)));

    [Theory]
    [MemberData(nameof(All))]
    public void Transcript_Run_AnswersAsWritten(string file)
    {
        string expected = File.ReadAllText(Path.Combine(Folder, file));
        string actual = Script.Run(expected);
        string? rewritten = Environment.GetEnvironmentVariable("MOLDAU_REWRITE");
        if (!string.IsNullOrEmpty(rewritten)) File.WriteAllText(Path.Combine(rewritten, file), actual);
        else Assert.Equal(expected, actual);
    }

    [Fact]
    public void Transcript_RunTwice_IsTheSame()
    {
        foreach (string file in Directory.GetFiles(Folder, "*.txt"))
            Assert.Equal(Script.Run(File.ReadAllText(file)), Script.Run(File.ReadAllText(file)));
    }
}
