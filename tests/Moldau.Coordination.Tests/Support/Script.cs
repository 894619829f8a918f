using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination.Tests;

/// <summary>Runs a transcript: lines that are commands are done, and every answer is written beneath the command that
/// brought it about. Member ids are shown as client#n, in the order they were given out.</summary>
internal sealed class Script
{
    private readonly StringBuilder _out = new();
    private readonly SortedDictionary<string, string> _idOf = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _generationOf = new(StringComparer.Ordinal);
    private readonly List<(string Id, string Shown)> _shown = [];
    private readonly SortedDictionary<string, int> _given = new(StringComparer.Ordinal);
    private GroupWorld _world = new();
    private int _logShown;

    /// <summary>Of another topic with the same name.</summary>
    private static Uuid OtherId => new(7, 7);

    public static string Run(string transcript)
    {
        Script script = new();
        foreach (string line in transcript.Split('\n'))
        {
            if (line.StartsWith("  ", StringComparison.Ordinal)) continue;
            script._out.Append(line).Append('\n');
            if (line.Length == 0 || line[0] == '#') continue;
            script.Do(new Command(line));
            script._world.Settle();
        }

        return script.Shown(script._out.ToString()).TrimEnd('\n') + "\n";
    }

    private void Do(Command c)
    {
        GroupShard shard = _world.Shard;
        switch (c.Verb)
        {
            case "options":
                _world = new GroupWorld(GroupWorld.DefaultOptions with
                {
                    InitialRebalanceDelayMs = c.Int("delay", 3000),
                    MaxSize = c.Int("max", int.MaxValue),
                    CommitTimeoutMs = c.Int("timeout", 5000),
                    OffsetMetadataMaxBytes = c.Int("metadata", 4096),
                    MinSessionTimeoutMs = c.Int("min-session", 1000),
                    MaxSessionTimeoutMs = c.Int("max-session", 1_800_000),
                    OffsetsRetentionCheckIntervalMs = c.Int("check", 600_000),
                    OffsetsRetentionMs = c.Int("retention", 7 * 24 * 3600 * 1000),
                });
                _logShown = 0;
                break;
            case "shrink": _world.Options = _world.Options with { MaxSize = int.Parse(c.Name, CultureInfo.InvariantCulture) }; break;
            case "join": Join(c); break;
            case "sync": Sync(c); break;
            case "heartbeat":
                HeartbeatRequest heartbeat = new()
                {
                    GroupId = c.Group,
                    MemberId = Id(c),
                    GroupInstanceId = c["instance"],
                    GenerationId = Generation(c),
                };
                shard.Heartbeat(heartbeat, r => Say(c, Error(r.ErrorCode)));
                break;
            case "leave": Leave(c); break;
            case "commit": Commit(c); break;
            case "fetch": Fetch(c); break;
            case "offset-delete": DeleteOffset(c); break;
            case "topic-deleted":
                shard.TopicsDeleted(new Dictionary<string, Uuid> { [c.Name] = c["id"] is null ? Subscriptions.TopicId : OtherId });
                break;
            case "delete": shard.Delete(c.Name, e => Say(c, e.ToString())); break;
            case "describe": shard.Describe(c.Name, (short)c.Int("v", 6), d => Say(c, Described(d))); break;
            case "list":
                shard.List(c.List("states"), c.List("types"), (e, l) => Say(c, e != ErrorCode.None ? e.ToString() : string.Join(
                    "; ", l.Select(g => $"{g.GroupId} {g.GroupType} type={g.ProtocolType} {g.GroupState}"))));
                break;
            case "advance": _world.Advance(long.Parse(c.Name, CultureInfo.InvariantCulture)); break;
            case "hold": _world.IsHoldingCommits = true; break;
            case "release": _world.IsHoldingCommits = false; break;
            case "refuse": _world.Refusal = Enum.Parse<ErrorCode>(c["error"] ?? nameof(ErrorCode.NotLeaderOrFollower)); break;
            case "accept": _world.Refusal = ErrorCode.None; break;
            case "reload": _world.Reload(_world.Log.Count); break;
            case "lose": _world.Reload(_world.CommittedEnd); break;
            case "txn-commit": _world.AppendTransactional(GroupRecords.Offset(c.Group, c.Topic, c.Part, Offset(c)), c.Int("pid", 1)); break;
            case "txn-end": _world.EndTransaction(c.Int("pid", 1), c["abort"] is null); break;
            case "newer": Newer(c); break;
            case "log": ShowLog(); break;
            default: Assert.Fail($"unknown command: {c.Verb}"); break;
        }
    }

    private void Join(Command c)
    {
        JoinGroupRequest request = new()
        {
            GroupId = c.Group,
            MemberId = c["id"] is "new" ? "" : Id(c),
            GroupInstanceId = c["instance"],
            SessionTimeoutMs = c.Int("session", 10_000),
            RebalanceTimeoutMs = c.Int("rebalance", 20_000),
            ProtocolType = c["type"] ?? "consumer",
        };
        foreach (string protocol in c.List("protocols", "range:t"))
        {
            string[] parts = protocol.Split(':');
            byte[] metadata = parts.Length > 1 ? Subscriptions.To(parts[1..]) : [];
            request.Protocols.Add(new() { Name = parts[0], Metadata = metadata });
        }

        GroupCaller caller = new(c["client"] ?? c.Name, "/127.0.0.1");
        _world.Shard.Join(request, (short)c.Int("v", 9), caller, r =>
        {
            if (r.MemberId.Length > 0) Learn(c.Name, r.MemberId);
            if (r.ErrorCode == 0) _generationOf[c.Name] = r.GenerationId;
            string members = string.Join(',', r.Members.Select(m => m.MemberId));
            Say(c, r.ErrorCode != 0
                ? $"{Error(r.ErrorCode)} id={r.MemberId}"
                : $"joined id={r.MemberId} generation={r.GenerationId} protocol={r.ProtocolName} leader={r.Leader}"
                    + (members.Length > 0 ? $" members={members}" : "") + (r.SkipAssignment ? " skip" : ""));
        });
    }

    private void Sync(Command c)
    {
        SyncGroupRequest request = new()
        {
            GroupId = c.Group,
            MemberId = Id(c),
            GroupInstanceId = c["instance"],
            GenerationId = Generation(c),
            ProtocolType = c["type"] ?? "consumer",
            ProtocolName = c["protocol"] ?? "range",
        };
        foreach (string assignment in c.List("assign"))
        {
            string[] parts = assignment.Split(':');
            string id = _idOf.GetValueOrDefault(parts[0], parts[0]);
            request.Assignments.Add(new() { MemberId = id, Assignment = Encoding.UTF8.GetBytes(parts[1]) });
        }

        short version = (short)c.Int("v", 5);
        if (version < 5) request.ProtocolType = request.ProtocolName = null;
        _world.Shard.Sync(request, version, r => Say(c, r.ErrorCode != 0
            ? Error(r.ErrorCode)
            : $"assigned '{Encoding.UTF8.GetString(r.Assignment)}' type={r.ProtocolType} protocol={r.ProtocolName}"));
    }

    private void Leave(Command c)
    {
        short version = (short)c.Int("v", 5);
        LeaveGroupRequest request = new() { GroupId = c.Group };
        if (version < 3) request.MemberId = Id(c);
        else
            foreach (string name in c.Name.Split(','))
                request.Members.Add(new()
                {
                    MemberId = name == "-" ? "" : _idOf.GetValueOrDefault(name, name),
                    GroupInstanceId = c["instance"],
                });
        _world.Shard.Leave(request, version, r => Say(c, string.Join(
            ", ", r.Members.Select(m => $"{m.MemberId}{(m.GroupInstanceId is null ? "" : "/" + m.GroupInstanceId)} {Error(m.ErrorCode)}")
                .Prepend(Error(r.ErrorCode)))));
    }

    private void Commit(Command c)
    {
        OffsetCommitRequest request = new()
        {
            GroupId = c.Group,
            MemberId = c.Name == "-" ? "" : Id(c),
            GroupInstanceId = c["instance"],
            GenerationIdOrMemberEpoch = c.Name == "-" ? c.Int("generation", -1) : Generation(c),
            RetentionTimeMs = c.Int("retention", -1),
        };
        request.Topics.Add(new() { Name = c.Topic, TopicId = Subscriptions.TopicId });
        string metadata = string.Concat(Enumerable.Repeat(c["metadata"] ?? "", c.Int("repeat", 1)));
        request.Topics[0].Partitions.Add(new()
        {
            PartitionIndex = c.Part,
            CommittedOffset = c.Int("offset", 0),
            CommittedLeaderEpoch = c.Int("epoch", -1),
            CommittedMetadata = metadata,
        });
        _world.Shard.CommitOffsets(request, (short)c.Int("v", 8), r => Say(c, Error(r.Topics[0].Partitions[0].ErrorCode)));
    }

    private void Fetch(Command c)
    {
        Uuid id = c["id"] is null ? Uuid.Zero : c["id"] is "same" ? Subscriptions.TopicId : OtherId;
        WantedOffset[]? partitions = c["topic"] is null ? null : [new(Partition(c["topic"]!), id)];
        _world.Shard.FetchOffsets(c.Group, partitions, c["stable"] is not null, (error, offsets) =>
            Say(c, string.Join(", ", offsets.Select(Fetched).Prepend(error.ToString()))));
    }

    private static string Fetched(FetchedOffset o) =>
        $"{o.Partition} {(o.Error != ErrorCode.None ? o.Error.ToString() : $"{o.Offset?.Offset ?? -1}")}";

    private void DeleteOffset(Command c)
    {
        OffsetDeleteRequest request = new() { GroupId = c.Group };
        request.Topics.Add(new() { Name = c.Topic });
        request.Topics[0].Partitions.Add(new() { PartitionIndex = c.Part });
        _world.Shard.DeleteOffsets(request, p => p.Topic != "gone", r => Say(
            c, r.ErrorCode != 0 ? Error(r.ErrorCode) : Error(r.Topics[0].Partitions[0].ErrorCode)));
    }

    private void Newer(Command c)
    {
        byte[] key = Subscriptions.Key((short)c.Int("type", 3), c.Name, c["member"]);
        CoordinatorRecord record = new(key, c["tombstone"] is null ? [0, 0] : null);
        _world.Log.Add(new LogEntry(record));
        _world.Shard.Replay(record.Key, record.Value, record.Value is null, -1);
    }

    private void ShowLog()
    {
        for (; _logShown < _world.Log.Count; _logShown++) _out.Append("  ").Append(LogText.Of(_world.Log[_logShown])).Append('\n');
    }

    private void Say(Command c, string text) => _out.Append($"  {c.Verb} {c.Name}: {text}\n");

    private string Shown(string text)
    {
        foreach ((string id, string shown) in _shown) text = text.Replace(id, shown, StringComparison.Ordinal);
        return text;
    }

    private void Learn(string name, string id)
    {
        // Shorter ones were made up by the transcript.
        if (id.Length <= 37) return;
        _idOf[name] = id;
        if (_shown.Exists(s => s.Id == id)) return;
        string prefix = id[..^37];
        int n = _given[prefix] = _given.GetValueOrDefault(prefix) + 1;
        _shown.Add((id, $"{prefix}#{n}"));
    }

    private string Id(Command c) => c["id"] ?? _idOf.GetValueOrDefault(c.Name, "");

    private int Generation(Command c) => c.Int("generation", _generationOf.GetValueOrDefault(c.Name));

    private static CommittedOffset Offset(Command c) => new(c.Int("offset", 0), -1, "", 0, -1, Subscriptions.TopicId);

    private static TopicPartition Partition(string text) =>
        new(text[..text.LastIndexOf('-')], int.Parse(text[(text.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture));

    private static string Error(short code) => ((ErrorCode)code).ToString();

    private static string Described(DescribeGroupsResponse.DescribedGroup d)
    {
        string head = $"{Error(d.ErrorCode)} {d.GroupState} type={d.ProtocolType} data={d.ProtocolData}"
            + (d.ErrorMessage is null ? "" : $" '{d.ErrorMessage}'");
        return string.Join("; ", d.Members.Select(m =>
            $"{m.MemberId}{(m.GroupInstanceId is null ? "" : "/" + m.GroupInstanceId)} {m.ClientId} {m.ClientHost}"
            + $" {m.MemberMetadata.Length} bytes '{Encoding.UTF8.GetString(m.MemberAssignment)}'").Prepend(head));
    }

    /// <summary>One command: a verb, a name, and options as key=value.</summary>
    private sealed class Command
    {
        private readonly SortedDictionary<string, string> _options = new(StringComparer.Ordinal);

        public Command(string line)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Verb = words[0];
            foreach (string word in words.Skip(1))
            {
                int equals = word.IndexOf('=', StringComparison.Ordinal);
                if (equals > 0) _options[word[..equals]] = word[(equals + 1)..];
                else Name = word;
            }
        }

        public string Verb { get; }

        public string Name { get; } = "";

        public string Group => this["group"] ?? "g";

        public string Topic => Partition(this["topic"] ?? "t-0").Topic;

        public int Part => Partition(this["topic"] ?? "t-0").Partition;

        public string? this[string key] => _options.GetValueOrDefault(key);

        public int Int(string key, int otherwise) =>
            this[key] is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

        public string[] List(string key, string otherwise = "") =>
            (this[key] ?? otherwise).Split(',', StringSplitOptions.RemoveEmptyEntries);
    }
}
