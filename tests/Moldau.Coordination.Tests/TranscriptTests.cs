namespace Moldau.Coordination.Tests;

/// <summary>Rules of the classic group protocol as transcripts that anyone can read. The answers were compared with
/// those of a running Apache Kafka 4.4.0. MOLDAU_REWRITE=&lt;folder&gt; writes what was answered instead.</summary>
public sealed class TranscriptTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Transcripts");

    public static IEnumerable<TheoryDataRow<string>> All =>
        Directory.GetFiles(Folder, "*.txt").Select(f => new TheoryDataRow<string>(Path.GetFileName(f))).OrderBy(r => r.Data, StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(All))]
    public void Transcript_Run_AnswersAsWritten(string file)
    {
        string expected = File.ReadAllText(Path.Combine(Folder, file));
        string actual = Script.Run(expected);
        if (Environment.GetEnvironmentVariable("MOLDAU_REWRITE") is { Length: > 0 } folder) File.WriteAllText(Path.Combine(folder, file), actual);
        else Assert.Equal(expected, actual);
    }

    [Fact]
    public void Transcript_RunTwice_IsTheSame()
    {
        foreach (string file in Directory.GetFiles(Folder, "*.txt"))
            Assert.Equal(Script.Run(File.ReadAllText(file)), Script.Run(File.ReadAllText(file)));
    }
}
