using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination.Tests;

/// <summary>Random members, timings, commits and faults of the log, with checkers. A failure names its seed.</summary>
public sealed class RandomGroupsTests
{
    [Theory]
    [InlineData(1, 300)]
    [InlineData(1001, 300)]
    [InlineData(2001, 300)]
    public void RandomOperations_WithFaults_KeepEveryPromise(int firstSeed, int seeds)
    {
        int assignments = 0;
        for (int seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            Run run = new((ulong)seed);
            run.Do(steps: 400);
            assignments += run.AssignmentCount;
        }

        // Else the runs would prove little.
        Assert.InRange(assignments, 10 * seeds, int.MaxValue);
    }

    /// <summary>One seed.</summary>
    private sealed class Run
    {
        private static readonly string[] GroupIds = ["g1", "g2"];

        private static readonly ErrorCode[] Refusals =
            [ErrorCode.None, ErrorCode.NotLeaderOrFollower, ErrorCode.NotEnoughReplicas, ErrorCode.RequestTimedOut];

        private readonly ulong _seed;
        private readonly Prng _prng;
        private readonly GroupWorld _world;
        private readonly List<Client> _clients = [];
        private readonly SortedDictionary<string, string> _owners = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, int> _generations = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, int> _lives = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, long> _acknowledged = new(StringComparer.Ordinal);
        private int _outstanding;
        private long _nextOffset = 1;
        private int _step;

        public Run(ulong seed)
        {
            _seed = seed;
            _prng = new Prng(seed);
            _world = new GroupWorld(
                GroupWorld.DefaultOptions with
                {
                    InitialRebalanceDelayMs = _prng.Chance(0.5) ? 0 : 500,
                    MaxSize = _prng.Chance(0.3) ? 3 : 100,
                },
                seed);
            for (int i = 0; i < 7; i++)
                _clients.Add(new Client($"c{i}", GroupIds[i % 2], i >= 5 ? $"static{i}" : null));
        }

        public int AssignmentCount { get; private set; }

        public void Do(int steps)
        {
            for (_step = 0; _step < steps; _step++)
            {
                Step();
                _world.Settle();
                CheckAgainstLog();
            }

            // Faults stop: whatever waits is answered within the rebalance and session timeouts.
            _world.IsHoldingCommits = false;
            _world.Refusal = ErrorCode.None;
            _world.Settle();
            _world.Advance(600_000);
            CheckAgainstLog();
            Check(_outstanding == 0, $"{_outstanding} requests were never answered");
            Check(_world.Shard.Writes.Count == 0, "something waits for the log");
        }

        private void Step()
        {
            // Faults pass, so that groups get somewhere in between.
            if (_world.Refusal != ErrorCode.None && _prng.Chance(0.2)) _world.Refusal = ErrorCode.None;
            if (_world.IsHoldingCommits && _prng.Chance(0.1)) _world.IsHoldingCommits = false;
            int dice = _prng.Next(100);
            Client client = _clients[_prng.Next(_clients.Count)];
            if (dice < 55) Sensible(client);
            else if (dice < 57) Join(client);
            else if (dice < 60) Sync(client);
            else if (dice < 70) Commit(client);
            else if (dice < 74) Fetch(client.Group);
            else if (dice < 75) Leave(client);
            else if (dice < 91) _world.Advance(_prng.Next(_prng.Chance(0.1) ? 15_000 : 500));
            else if (dice < 93) _world.IsHoldingCommits = !_world.IsHoldingCommits;
            else if (dice < 94) _world.Refusal = Refusals[_prng.Next(Refusals.Length)];
            else if (dice < 97) Transaction(client.Group);
            else if (dice < 98) Reload();
            else if (dice < 99) Delete(client.Group);
            else client.Forget();
        }

        /// <summary>What a real consumer would do now.</summary>
        private void Sensible(Client client)
        {
            switch (client.Next)
            {
                case NextStep.Join: Join(client); break;
                case NextStep.Sync: Sync(client); break;
                case NextStep.Heartbeat: Heartbeat(client); break;
            }
        }

        private void Join(Client client)
        {
            client.Next = NextStep.Wait;
            bool isOther = _prng.Chance(0.05);
            JoinGroupRequest request = new()
            {
                GroupId = client.Group,
                MemberId = client.MemberId,
                GroupInstanceId = client.InstanceId,
                SessionTimeoutMs = 6_000,
                RebalanceTimeoutMs = 9_000,
                ProtocolType = "consumer",
            };
            request.Protocols.Add(new() { Name = "range", Metadata = Subscriptions.To(isOther ? "u" : "t") });
            if (_prng.Chance(0.5)) request.Protocols.Add(new() { Name = "sticky", Metadata = Subscriptions.To("t") });
            Action<JoinGroupResponse> done = Answered<JoinGroupResponse>(r => client.Joined(r));
            _world.Shard.Join(request, (short)(_prng.Chance(0.3) ? 3 : 9), new GroupCaller(client.Name, "/127.0.0.1"), done);
        }

        private void Sync(Client client)
        {
            SyncGroupRequest request = new()
            {
                GroupId = client.Group,
                MemberId = client.MemberId,
                GroupInstanceId = client.InstanceId,
                GenerationId = client.Generation,
                ProtocolType = "consumer",
                ProtocolName = client.Protocol,
            };
            // Four partitions, dealt out from a random start: a second assignment of one generation would differ.
            int start = _prng.Next(4);
            for (int i = 0; i < client.Members.Count; i++)
            {
                IEnumerable<int> mine = Enumerable.Range(0, 4).Where(p => (p + start) % client.Members.Count == i);
                byte[] bytes = Encoding.ASCII.GetBytes(string.Join(',', mine));
                request.Assignments.Add(new() { MemberId = client.Members[i], Assignment = bytes });
            }

            if (_prng.Chance(0.8)) client.Next = NextStep.Wait;
            int generation = client.Generation;
            string owner = client.InstanceId ?? client.MemberId;
            string group = client.Group;
            _world.Shard.Sync(request, 5, Answered<SyncGroupResponse>(r =>
            {
                client.Heard((ErrorCode)r.ErrorCode);
                if (r.ErrorCode == 0) Assigned(group, generation, owner, Encoding.ASCII.GetString(r.Assignment));
            }));
        }

        private void Assigned(string group, int generation, string owner, string partitions)
        {
            AssignmentCount++;
            string life = $"{group}/{_lives.GetValueOrDefault(group)}";
            Check(generation >= _generations.GetValueOrDefault(life), $"{life} went back to generation {generation}");
            _generations[life] = generation;
            foreach (string partition in partitions.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                string key = $"{life}/{generation}/{partition}";
                Check(_owners.TryAdd(key, owner) || _owners[key] == owner, $"{key} is owned by {_owners[key]} and {owner}");
            }
        }

        private void Heartbeat(Client client)
        {
            HeartbeatRequest request = new()
            {
                GroupId = client.Group,
                MemberId = client.MemberId,
                GroupInstanceId = client.InstanceId,
                GenerationId = client.Generation,
            };
            _world.Shard.Heartbeat(request, Answered<HeartbeatResponse>(r => client.Heard((ErrorCode)r.ErrorCode)));
        }

        private void Commit(Client client)
        {
            bool isPlain = _prng.Chance(0.2);
            OffsetCommitRequest request = new()
            {
                GroupId = client.Group,
                MemberId = isPlain ? "" : client.MemberId,
                GroupInstanceId = isPlain ? null : client.InstanceId,
                GenerationIdOrMemberEpoch = isPlain ? -1 : client.Generation,
            };
            int partition = _prng.Next(3);
            long offset = _nextOffset++;
            request.Topics.Add(new() { Name = "t", TopicId = Subscriptions.TopicId });
            request.Topics[0].Partitions.Add(new() { PartitionIndex = partition, CommittedOffset = offset, CommittedMetadata = "" });
            string key = $"{client.Group}/{_lives.GetValueOrDefault(client.Group)}/{partition}";
            _world.Shard.CommitOffsets(request, 8, Answered<OffsetCommitResponse>(r =>
            {
                if (r.Topics[0].Partitions[0].ErrorCode == 0) _acknowledged[key] = Math.Max(offset, _acknowledged.GetValueOrDefault(key));
            }));
        }

        private void Transaction(string group)
        {
            long producer = _prng.Next(2);
            if (_prng.Chance(0.4))
            {
                _world.EndTransaction(producer, _prng.Chance(0.5));
                return;
            }

            CommittedOffset offset = new(_nextOffset++, -1, "", _world.Now.UnixMs, -1, Uuid.Zero);
            _world.AppendTransactional(GroupRecords.Offset(group, "txn", 0, offset), producer);
        }

        private void Fetch(string group)
        {
            string life = $"{group}/{_lives.GetValueOrDefault(group)}";
            SortedDictionary<string, long> promised = new(StringComparer.Ordinal);
            foreach ((string key, long offset) in _acknowledged)
                if (key.StartsWith(life + "/", StringComparison.Ordinal)) promised[key[(life.Length + 1)..]] = offset;
            _world.Shard.FetchOffsets(group, null, requireStable: false, (error, offsets) =>
            {
                if (error != ErrorCode.None || life != $"{group}/{_lives.GetValueOrDefault(group)}") return;
                foreach ((string partition, long offset) in promised)
                {
                    FetchedOffset found = offsets.FirstOrDefault(
                        o => o.Partition.Topic == "t" && o.Partition.Partition.ToString(CultureInfo.InvariantCulture) == partition);
                    Check(found.Offset?.Offset >= offset, $"{life}/{partition}: {offset} was acknowledged, {found.Offset?.Offset} is read");
                }
            });
        }

        private void Leave(Client client)
        {
            LeaveGroupRequest request = new() { GroupId = client.Group };
            request.Members.Add(new() { MemberId = client.MemberId, GroupInstanceId = client.InstanceId });
            _world.Shard.Leave(request, 5, Answered<LeaveGroupResponse>(_ => { }));
        }

        private void Delete(string group)
        {
            // What becomes of a deletion that is lost is told by the log; its group counts as another life either way.
            _world.Shard.Delete(group, Answered<ErrorCode>(_ => { }));
            if (!_world.Shard.ClassicGroups.Any(g => g.Id == group)) _lives[group] = _lives.GetValueOrDefault(group) + 1;
        }

        private void Reload()
        {
            int lost = _world.Log.Count - _world.CommittedEnd;
            _world.Reload(_world.CommittedEnd + (lost == 0 ? 0 : _prng.Next(lost + 1)));
            Check(_outstanding == 0, "a stopped coordinator left requests unanswered");
        }

        private void CheckAgainstLog()
        {
            GroupShard live = _world.Shard;
            GroupShard replayed = _world.Replayed();
            string expected = Fingerprint.OfOffsets(replayed, GroupIds);
            string actual = Fingerprint.OfOffsets(live, GroupIds);
            Check(expected == actual, $"offsets differ from the log:\n{expected}---\n{actual}");
            // A refused record leaves the group ahead of the log until its next generation.
            if (_world.RefusedSinceLoad > 0) return;
            bool areSame = live.ClassicGroups.Select(g => g.Id).SequenceEqual(replayed.ClassicGroups.Select(g => g.Id));
            Check(areSame, "groups differ from the log");
            foreach ((ClassicGroup group, ClassicGroup logged) in live.ClassicGroups.Zip(replayed.ClassicGroups))
            {
                if (Fingerprint.OfGroup(group) is not { } text) continue;
                string log = Fingerprint.OfGroup(logged) ?? "";
                Check(text == log, $"a group differs from the log:\n{log}---\n{text}");
            }
        }

        private Action<T> Answered<T>(Action<T> then)
        {
            _outstanding++;
            bool isAnswered = false;
            return answer =>
            {
                Check(!isAnswered, "a request was answered twice");
                isAnswered = true;
                _outstanding--;
                then(answer);
            };
        }

        private void Check(bool condition, string what)
        {
            if (!condition) Assert.Fail($"seed {_seed}, step {_step}: {what}");
        }
    }

    private enum NextStep
    {
        Join,
        Sync,
        Heartbeat,
        Wait,
    }

    /// <summary>What a consumer remembers; it mostly acts on it, and sometimes does something else.</summary>
    private sealed class Client(string name, string group, string? instanceId)
    {
        public string Name => name;

        public string Group => group;

        public string? InstanceId => instanceId;

        public NextStep Next { get; set; } = NextStep.Join;

        public string MemberId { get; private set; } = "";

        public int Generation { get; private set; }

        public string Protocol { get; private set; } = "range";

        /// <summary>Of the leader: whom it deals partitions to.</summary>
        public List<string> Members { get; private set; } = [];

        public void Joined(JoinGroupResponse response)
        {
            ErrorCode error = (ErrorCode)response.ErrorCode;
            Next = NextStep.Join;
            if (error == ErrorCode.MemberIdRequired) MemberId = response.MemberId;
            else if (error != ErrorCode.None) Heard(error);
            else
            {
                Next = NextStep.Sync;
                MemberId = response.MemberId;
                Generation = response.GenerationId;
                Protocol = response.ProtocolName!; // joined generations have one
                if (response.Members.Count > 0 && !response.SkipAssignment) Members = [.. response.Members.Select(m => m.MemberId)];
                else Members = [];
            }
        }

        public void Heard(ErrorCode error)
        {
            Next = error == ErrorCode.None ? NextStep.Heartbeat : NextStep.Join;
            if (error is ErrorCode.UnknownMemberId or ErrorCode.FencedInstanceId) Forget();
        }

        public void Forget()
        {
            MemberId = "";
            Next = NextStep.Join;
        }
    }
}
