using Moldau.Protocol;
using Moldau.Raft;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shell;

/// <summary>Files that are damaged, cut or not at their end: what is told of them, and that nothing else is.</summary>
public sealed class ShellDamageTests
{
    [Fact]
    public void ADamagedSnapshot_IsRefused()
    {
        using MadeMetadata made = new();
        byte[] sound = File.ReadAllBytes(made.Snapshot);
        byte[] flipped = [.. sound];
        flipped[sound.Length / 2] ^= 1;
        Refused(flipped, "has a wrong checksum");
        Refused(sound[..(sound.Length / 2)], "no whole batch at byte");
        Refused([], "its header or footer is missing");
        Refused([.. sound, 1, 2, 3], "no whole batch at byte");
        RaftBatch[] batches = [.. RaftBatch.Split(sound)];
        Refused(sound[..^batches[^1].Bytes.Length], "its header or footer is missing");
        Refused(sound[batches[0].Bytes.Length..], "its header or footer is missing");
        // A record of a topic that is not there.
        RaftBatch stray = MadeMetadata.OfRecords(50, new PartitionChangeRecord { TopicId = new Base.Uuid(1, 1), PartitionId = 0 });
        Refused([.. sound[..^batches[^1].Bytes.Length], .. stray.Bytes.Span, .. batches[^1].Bytes.Span], "to change");

        void Refused(byte[] bytes, string told)
        {
            File.WriteAllBytes(made.Snapshot, bytes);
            foreach (ProgramResult result in (ReadOnlySpan<ProgramResult>)[
                QuorumShellTests.Shell(made, "ls", "/image"), Cli.Run("quorum", "shell", "-s", made.Snapshot, "ls"),
                Cli.Run("kafka-metadata-shell", "-s", made.Snapshot, "ls")])
            {
                Assert.Equal((1, ""), (result.ExitCode, result.Output));
                Assert.Contains(told, result.Error, StringComparison.Ordinal);
                Assert.Contains("nothing of it is shown", result.Error, StringComparison.Ordinal);
                Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            }
        }
    }

    [Fact]
    public void ADamagedLog_IsRefused()
    {
        using MadeMetadata made = new();
        byte[] sound = File.ReadAllBytes(made.Segment);
        byte[] flipped = [.. sound];
        flipped[^1] ^= 1;
        Refused(flipped, "has a wrong checksum");
        RaftBatch[] batches = [.. RaftBatch.Split(sound)];
        Refused([.. sound[..batches[0].Bytes.Length], .. batches[2].Bytes.Span], "offset 101 is due, 102 follows");
        File.Move(made.Segment, Path.Combine(made.Folder, "00000000000000000101.log"));
        File.WriteAllBytes(Path.Combine(made.Folder, "00000000000000000101.log"), sound[batches[0].Bytes.Length..]);
        Cli.AssertRefused(QuorumShellTests.Shell(made, "ls"), 1, "offset 100 is due, 101 follows");

        void Refused(byte[] bytes, string told)
        {
            File.WriteAllBytes(made.Segment, bytes);
            ProgramResult result = QuorumShellTests.Shell(made, "ls");
            Cli.AssertRefused(result, 1, told);
            Assert.Equal("", result.Output);
        }
    }

    /// <summary>A node that runs is writing, and one that was killed may have been.</summary>
    [Fact]
    public void ALogThatEndsWithinABatch_IsShownUpToThere_AndToldSo()
    {
        using MadeMetadata made = new();
        byte[] sound = File.ReadAllBytes(made.Segment);
        File.WriteAllBytes(made.Segment, sound[..^5]);
        ProgramResult result = QuorumShellTests.Shell(made, "ls", "/image/topics/byName");
        Assert.Equal("orders\n", result.Succeeded());
        Assert.Matches(@"^moldau: the log ends with \d+ bytes of a batch that is not whole\n$", result.Error);
        File.WriteAllBytes(made.Segment, [.. sound, .. new byte[4096]]);
        result = QuorumShellTests.Shell(made, "ls", "/image/topics/byName");
        Assert.Equal(("later\norders\n", ""), (result.Succeeded(), result.Error));
    }

    [Fact]
    public void AnOpenTransaction_IsNotShown_AndToldSo()
    {
        List<RaftBatch> log = MadeMetadata.Log();
        log.Add(MadeMetadata.OfRecords(103, new BeginTransactionRecord(), new TopicRecord { Name = "half", TopicId = new Base.Uuid(3, 3) }));
        using (MadeMetadata open = new(log: log))
        {
            ProgramResult result = QuorumShellTests.Shell(open, "ls", "/image/topics/byName");
            Assert.Equal("later\norders\n", result.Succeeded());
            Assert.Equal("moldau: a metadata transaction is not ended; its records are not shown\n", result.Error);
        }

        log.Add(MadeMetadata.OfRecords(105, new EndTransactionRecord()));
        using MadeMetadata ended = new(log: log);
        Assert.Equal("half\nlater\norders\n", QuorumShellTests.Shell(ended, "ls", "/image/topics/byName").Succeeded());
    }

    [Fact]
    public void WithMoreVoters_TheEndMayNotBeCommitted_AndIsToldSo()
    {
        VotersRecord voters = new();
        foreach (int id in (ReadOnlySpan<int>)[1, 2, 3])
            voters.Voters.Add(new VotersRecord.Voter { VoterId = id, VoterDirectoryId = new Base.Uuid(7, id) });
        List<RaftBatch> log = MadeMetadata.Log();
        log.Add(RaftBatch.OfControl([(Records.ControlRecordType.KRaftVoters, voters)], 103, 4, 1_700_000_004_000));
        using MadeMetadata made = new(log: log);
        ProgramResult result = QuorumShellTests.Shell(made, "ls", "/quorum/voters");
        Assert.Equal("1\n2\n3\n", result.Succeeded());
        Assert.Equal("moldau: there are 3 voters: the last records of this node may not be committed\n", result.Error);
    }
}
