using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft.Tests;

/// <summary>A disk in memory: what was written, and what of it is synced.</summary>
internal sealed class MemoryLog
{
    public List<RaftBatch> Batches { get; } = [];

    public long Start { get; set; }

    public long End => Batches.Count == 0 ? Start : Batches[^1].LastOffset + 1;

    public byte[]? QuorumState { get; set; }

    public SortedDictionary<OffsetAndEpoch, byte[]> Snapshots { get; } = [];

    public MemoryStream Part { get; set; } = new();
}

/// <summary>A node with its disk, run by the cluster.</summary>
internal sealed class Member(int id)
{
    public int Id { get; } = id;

    public RaftNode Raft { get; set; } = null!; // set by the cluster when it starts the node

    public MemoryLog Disk { get; set; } = new();

    /// <summary>While set, nothing that the disk was asked for is done.</summary>
    public bool IsDiskSlow { get; set; }

    public Queue<RaftEffect> DiskQueue { get; } = [];

    public bool IsDown { get; set; }

    public List<RaftBatch> Committed { get; } = [];

    public List<string> Story { get; } = [];

    public Dictionary<long, IMessage> Replies { get; } = [];
}

/// <summary>Nodes on one simulated clock, with messages that travel as bytes.</summary>
internal sealed class Cluster
{
    public const string ClusterId = "kVvUmlGHSTqOQ8iA7OTRkw";
    private readonly Queue<Action> _network = [];
    private readonly Prng _random = new(11);
    private readonly SortedDictionary<long,
        (Member From, long Correlation, short Version, IMessage Request)> _waiting = [];
    private long _nowMs = 1_000;
    private long _token = 1_000_000;

    public Cluster(int voters, int observers = 0)
    {
        var set = VoterSet.Of(Enumerable.Range(1, voters).Select(i => Node(i)));
        for (int i = 1; i <= voters + observers; i++) Members.Add(new Member(i));
        foreach (Member member in Members)
        {
            var content = new SnapshotContent(0, 1, set, []);
            member.Disk.Snapshots.Add(new OffsetAndEpoch(0, 0),
                SnapshotFiles.Write(content, new OffsetAndEpoch(0, 0), 0));
        }
    }

    public List<Member> Members { get; } = [];

    public SortedSet<(int, int)> CutLinks { get; } = [];

    public Instant Now => new(_nowMs * 1_000_000, _nowMs);

    public Member? Leader => Members.Where(m => !m.IsDown && m.Raft.IsLeader).MaxBy(m => m.Raft.Epoch);

    public static VoterNode Node(int id) =>
        new(Key(id), [new RaftEndpoint("CONTROLLER", $"node{id}", (ushort)(9000 + id))], 0, 1);

    public static ReplicaKey Key(int id) => new(id, new Uuid(77, id));

    public void Start()
    {
        foreach (Member member in Members) Start(member);
    }

    public void Start(Member member, RaftOptions? options = null)
    {
        member.IsDown = false;
        member.DiskQueue.Clear();
        member.Committed.Clear();
        member.Raft = new RaftNode(options ?? OptionsFor(member.Id), Load(member.Disk), _random.Fork());
        Do(member, (raft, fx) => raft.Start(Now, fx));
    }

    public RaftOptions OptionsFor(int id) => new()
    {
        ClusterId = ClusterId,
        Self = Key(id),
        Endpoints = [new RaftEndpoint("CONTROLLER", $"node{id}", (ushort)(9000 + id))],
        BootstrapServers = [new RaftEndpoint("CONTROLLER", "node1", 9001)],
        SnapshotInterval = null,
    };

    public static RaftStorageState Load(MemoryLog disk)
    {
        (OffsetAndEpoch id, byte[] bytes) = disk.Snapshots.Last();
        SnapshotContent content = SnapshotFiles.Read(bytes, out string? error)!;
        Assert.Null(error);
        return new RaftStorageState
        {
            QuorumState = disk.QuorumState is null ? null : QuorumStateFile.Read(disk.QuorumState),
            Snapshot = id,
            SnapshotKRaftVersion = content.KRaftVersion,
            SnapshotVoters = content.Voters,
            LogStartOffset = disk.Start,
            Tail = [.. disk.Batches.Where(b => b.BaseOffset >= id.Offset)],
            Epochs = [.. disk.Batches.GroupBy(b => b.Epoch).Select(g => (g.Key, g.First().BaseOffset))],
        };
    }

    public void Do(Member member, Action<RaftNode, EffectList<RaftEffect>> turn)
    {
        var effects = new EffectList<RaftEffect>();
        turn(member.Raft, effects);
        foreach (RaftEffect effect in effects.Span.ToArray()) Perform(member, effect);
    }

    public long? Append(Member member, params string[] values)
    {
        long? last = null;
        Do(member, (raft, fx) => last = raft.Append([.. values.Select(System.Text.Encoding.UTF8.GetBytes)], Now, fx));
        return last;
    }

    public T Ask<T>(Member member, IMessage request, short version)
    {
        long token = _token++;
        Do(member, (raft, fx) => Assert.True(raft.OnRequest(token, request, version, Now, fx)));
        RunFor(0);
        return Assert.IsType<T>(member.Replies[token], exactMatch: false);
    }

    /// <summary>Delivers messages and lets time pass, deadline by deadline.</summary>
    public void RunFor(long ms)
    {
        long end = _nowMs + ms;
        for (int turns = 0; ; turns++)
        {
            Assert.True(turns < 1_000_000, "the cluster does not come to rest");
            if (_network.TryDequeue(out Action? deliver))
            {
                deliver();
                continue;
            }

            Member? next = Members.Where(m => !m.IsDown).MinBy(m => m.Raft.NextDeadline.MonotonicNs);
            long at = next is null ? long.MaxValue : ((next.Raft.NextDeadline.MonotonicNs - 1) / 1_000_000) + 1;
            if (next is null || at > end) break;
            _nowMs = Math.Max(_nowMs, at);
            Do(next, (raft, fx) => raft.OnDeadline(Now, fx));
            // Whatever a node does, its clock moves: equal deadlines in a row would hang the test.
            if (_network.Count == 0 && next.Raft.NextDeadline <= Now) _nowMs++;
        }

        _nowMs = Math.Max(_nowMs, end);
    }

    public void RunUntil(Func<bool> condition, long limitMs = 60_000)
    {
        for (long spent = 0; !condition(); spent += 10)
        {
            Assert.True(spent < limitMs, "the condition did not come true");
            RunFor(10);
        }
    }

    public void Crash(Member member)
    {
        member.IsDown = true;
        member.DiskQueue.Clear();
    }

    public void ResumeDisk(Member member)
    {
        member.IsDiskSlow = false;
        while (member.DiskQueue.TryDequeue(out RaftEffect? effect)) PerformDisk(member, effect);
    }

    private void Perform(Member member, RaftEffect effect)
    {
        switch (effect)
        {
            case SendRaftRequest send:
                member.Story.Add($"send {send.Request.GetType().Name} to {send.NodeId}");
                _network.Enqueue(() => DeliverRequest(member, send));
                break;
            case ReplyToRequest reply:
                if (!_waiting.Remove(reply.Token, out var asked)) member.Replies[reply.Token] = reply.Response;
                else _network.Enqueue(() => DeliverResponse(member, asked.From, asked.Correlation, asked.Version,
                    asked.Request, reply.Response));
                break;
            case CommitBatches commit:
                member.Committed.AddRange(commit.Batches);
                break;
            case LeaderKnown known:
                member.Story.Add($"leader {known.LeaderId} epoch {known.Epoch}");
                break;
            case BecomeLeader become:
                member.Story.Add($"leads {become.Epoch}");
                break;
            case LoseLeadership lose:
                member.Story.Add($"lost {lose.Epoch}");
                break;
            case SnapshotDue:
                member.Story.Add("snapshot due");
                break;
            case LoadSnapshot load:
                member.Committed.Clear();
                member.Story.Add($"load snapshot {load.Id.Offset}");
                break;
            default:
                if (member.IsDiskSlow) member.DiskQueue.Enqueue(effect);
                else PerformDisk(member, effect);
                break;
        }
    }

    private void PerformDisk(Member member, RaftEffect effect)
    {
        MemoryLog disk = member.Disk;
        switch (effect)
        {
            case PersistQuorumState persist:
                disk.QuorumState = persist.Content;
                member.Story.Add($"persist {System.Text.Encoding.UTF8.GetString(persist.Content)}");
                Do(member, (raft, fx) => raft.OnQuorumStatePersisted(persist.Token, Now, fx));
                break;
            case AppendToLog append:
                Assert.Equal(disk.End, append.Batch.BaseOffset);
                disk.Batches.Add(append.Batch);
                Do(member, (raft, fx) => raft.OnLogSynced(disk.End, Now, fx));
                break;
            case TruncateLog truncate:
                disk.Batches.RemoveAll(b => b.LastOffset >= truncate.EndOffset);
                member.Story.Add($"truncate {truncate.EndOffset}");
                break;
            case StartLogAt start:
                disk.Batches.Clear();
                disk.Start = start.Snapshot.Offset;
                break;
            case DeleteLogBefore delete:
                disk.Batches.RemoveAll(b => b.LastOffset < delete.Offset);
                disk.Start = delete.Offset;
                break;
            case ReadLog read:
                byte[] bytes =
                    [.. disk.Batches.Where(b => b.LastOffset >= read.Offset).SelectMany(b => b.Bytes.ToArray())];
                Do(member, (raft, fx) => raft.OnLogRead(read.Token, bytes, Now, fx));
                break;
            case ReadSnapshot read:
                bool isThere = disk.Snapshots.TryGetValue(read.Id, out byte[]? file);
                ReadOnlyMemory<byte> part = isThere
                    ? file.AsMemory((int)read.Position..Math.Min(file!.Length, (int)read.Position + 100)) : default;
                Do(member, (raft, fx) => raft.OnSnapshotRead(read.Token, part, isThere ? file!.Length : -1, fx));
                break;
            case WriteSnapshotPart part2:
                if (part2.Position == 0) disk.Part = new MemoryStream();
                Assert.Equal(disk.Part.Length, part2.Position);
                disk.Part.Write(part2.Bytes.Span);
                break;
            case FinishSnapshot finish:
                disk.Snapshots[finish.Id] = disk.Part.ToArray();
                SnapshotContent content = SnapshotFiles.Read(disk.Snapshots[finish.Id], out string? error)!;
                Assert.Null(error);
                Do(member, (raft, fx) => raft.OnSnapshotFetched(finish.Id, content, Now, fx));
                break;
            case WriteSnapshotFile write:
                disk.Snapshots[write.Id] = write.Content;
                Do(member, (raft, fx) => raft.OnSnapshotWritten(write.Id, fx));
                break;
            default:
                Assert.Fail($"no one does {effect}");
                break;
        }
    }

    private void DeliverRequest(Member from, SendRaftRequest send)
    {
        Member? to = Members.Find(m => m.Id == send.Endpoint.Port - 9000);
        if (to is null || to.IsDown || from.IsDown || IsCut(from, to))
        {
            if (!from.IsDown) Do(from, (raft, fx) => raft.OnRequestFailed(send.Correlation, Now, fx));
            return;
        }

        var reader = new KafkaReader(KafkaWriter.ToArray(send.Request, send.Version));
        IMessage request = Messages.ReadRequest(Enum.Parse<ApiKey>(((object)send.Request).GetType().Name[..^7]),
            send.Version, ref reader)!;
        Assert.True(reader.IsComplete);
        long token = _token++;
        _waiting.Add(token, (from, send.Correlation, send.Version, (IMessage)send.Request));
        Do(to, (raft, fx) => Assert.True(raft.OnRequest(token, request, send.Version, Now, fx)));
    }

    private void DeliverResponse(Member from, Member to, long correlation, short version, IMessage request,
        IMessage response)
    {
        if (to.IsDown) return;
        if (from.IsDown || IsCut(from, to))
        {
            Do(to, (raft, fx) => raft.OnRequestFailed(correlation, Now, fx));
            return;
        }

        var reader = new KafkaReader(KafkaWriter.ToArray(response, version));
        IMessage read = Messages.ReadResponse(Enum.Parse<ApiKey>(request.GetType().Name[..^7]), version, ref reader)!;
        Assert.True(reader.IsComplete);
        Do(to, (raft, fx) => raft.OnResponse(correlation, read, Now, fx));
    }

    private bool IsCut(Member a, Member b) => CutLinks.Contains((Math.Min(a.Id, b.Id), Math.Max(a.Id, b.Id)));
}
