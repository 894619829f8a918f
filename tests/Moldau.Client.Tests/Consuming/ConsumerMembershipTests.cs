using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Consuming;

/// <summary>Membership by KIP-848 against a scripted coordinator, on virtual time.</summary>
public sealed class ConsumerMembershipTests
{
    private readonly MachineWorld _world = new();
    private readonly ScriptedBroker _broker;
    private readonly ScriptedGroup _group;

    public ConsumerMembershipTests()
    {
        _broker = _world.Broker(1, "one");
        _broker.Topic("t", 1, 1, 1);
        _group = new ScriptedGroup(_broker);
    }

    [Fact]
    public void Join_TellsEverything_AndWhatFollowsOnlyWhatChanged()
    {
        _group.Assign(("t", 0), ("t", 2));
        ConsumerPart consumer = Join(Settings() with { RemoteAssignor = "range", GroupInstanceId = "i" });
        _world.RunFor(2 * ScriptedGroup.IntervalMs);
        ConsumerGroupHeartbeatRequest[] beats = [.. _group.Beats];
        Assert.Equal(0, beats[0].MemberEpoch);
        Assert.Equal(["t"], beats[0].SubscribedTopicNames);
        Assert.Equal(("range", "i", 300_000), (beats[0].ServerAssignor, beats[0].InstanceId, beats[0].RebalanceTimeoutMs));
        Assert.Empty(beats[0].TopicPartitions!);
        Assert.True(Uuid.TryParse(beats[0].MemberId, out _));

        // The second one acknowledges at once what the first one's answer gave.
        Assert.Equal([("t", 0), ("t", 2)], _group.Owned(beats[1]));
        Assert.Equal(_group.Epoch, beats[1].MemberEpoch);
        Assert.Null(beats[1].SubscribedTopicNames);
        Assert.Equal((null, -1, null), (beats[2].SubscribedTopicNames, beats[2].RebalanceTimeoutMs, beats[2].TopicPartitions));
        Assert.All(beats, b => Assert.Equal(beats[0].MemberId, b.MemberId));
        Assert.Equal(4, beats.Length);
        Assert.Equal(Partitions(0, 2), Reads(consumer));
    }

    [Fact]
    public void Revocation_IsToldTheUserAndCommitted_BeforeItIsAcknowledged()
    {
        _group.Assign(("t", 0), ("t", 1));
        ConsumerPart consumer = Join(Settings() with { Listener = this });
        Return(ConsumerCallKind.Assigned, Partitions(0, 1));
        _world.RunFor(ScriptedGroup.IntervalMs + 1);
        consumer.Find(new TopicPartition("t", 1))!.MarkDone(7, 1, int.MaxValue);
        _group.Assign(("t", 0));
        _world.RunFor(ScriptedGroup.IntervalMs);

        // Heartbeats go on while the user is told, and claim nothing else than before.
        int beats = _group.Beats.Count();
        _world.RunFor(4 * ScriptedGroup.IntervalMs);
        Assert.Equal(beats + 4, _group.Beats.Count());
        Assert.All(_group.Beats.TakeLast(4), b => Assert.Null(b.TopicPartitions));
        Assert.Equal(Partitions(0, 1), Reads(consumer));
        Assert.Empty(_group.Commits);

        Return(ConsumerCallKind.Revoked, Partitions(1));
        Assert.Equal(7, _group.Commits.Single().Topics.Single().Partitions.Single().CommittedOffset);
        Assert.Equal(_group.Epoch, _group.Commits.Single().GenerationIdOrMemberEpoch);
        Assert.Equal([("t", 0)], _group.Owned(_group.Last));
        Assert.Equal(Partitions(0), Reads(consumer));
    }

    [Fact]
    public void PartitionsThatComeAndGoAtOnce_GoFirst_AndNothingIsReadBeforeTheUserKnows()
    {
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings() with { Listener = this });
        Return(ConsumerCallKind.Assigned, Partitions(0));
        _group.Assign(("t", 2));
        _world.RunFor(ScriptedGroup.IntervalMs);
        Return(ConsumerCallKind.Revoked, Partitions(0));
        Assert.Empty(_group.Owned(_group.Last)!);
        ScriptedRequest fetch = _broker.Of(ApiKey.Fetch).Single();
        _broker.Answer(fetch, new FetchResponse());
        _world.RunFor(1000);
        Assert.Single(_broker.Of(ApiKey.Fetch));
        Return(ConsumerCallKind.Assigned, Partitions(2));
        Assert.Equal([("t", 2)], _group.Owned(_group.Last));
        _world.RunUntil(() => _broker.Of(ApiKey.Fetch).Count() == 2, 1000);
        Assert.Equal(Partitions(2), Reads(consumer));
    }

    [Fact]
    public void SlowListener_HoldsTheGroupUpForMaxPollIntervalOnly()
    {
        _group.Assign(("t", 0), ("t", 1));
        ConsumerPart consumer = Join(Settings() with { Listener = this, MaxPollInterval = Duration.FromSeconds(20) });
        Return(ConsumerCallKind.Assigned, Partitions(0, 1));
        _group.Assign(("t", 1));
        _world.RunFor(ScriptedGroup.IntervalMs);
        UserCall slow = _world.UserCalls.Single();
        _world.RunFor(19_000);
        Assert.Empty(_world.GivenUp);
        _world.RunFor(2_000);
        Assert.Same(slow, Assert.Single(_world.GivenUp));
        Assert.Equal([("t", 1)], _group.Owned(_group.Beats.Last(b => b.TopicPartitions is not null)));
        Assert.Equal(Partitions(1), Reads(consumer));

        // When it ends at last, nothing happens any more.
        int beats = _group.Beats.Count();
        _world.Return(slow);
        Assert.Equal(beats, _group.Beats.Count());
    }

    [Fact]
    public void ListenerThatFails_IsToldTheReader_AndTheGroupGoesOn()
    {
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings() with { Listener = this });
        _world.Return(_world.UserCalls.Single(), "Oops");
        Assert.True(consumer.TryTakeError(out ClientError? error));
        Assert.Contains("Oops", error!.Text, StringComparison.Ordinal);
        Assert.Equal([("t", 0)], _group.Owned(_group.Last));
    }

    [Theory]
    [InlineData(ErrorCode.FencedMemberEpoch)]
    [InlineData(ErrorCode.UnknownMemberId)]
    public void MemberThatIsPutOut_LosesItsPartitionsWithoutACommit_AndJoinsAgain(ErrorCode code)
    {
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings() with { Listener = this });
        Return(ConsumerCallKind.Assigned, Partitions(0));
        string memberId = _group.Last.MemberId;
        consumer.Find(new TopicPartition("t", 0))!.MarkDone(7, 1, int.MaxValue);
        _group.FailNext(code);
        int beats = _group.Beats.Count();
        _world.RunFor(ScriptedGroup.IntervalMs);
        Assert.Empty(consumer.Cursors);
        Assert.Equal(beats + 1, _group.Beats.Count());
        Assert.False(consumer.Identity.IsMember);
        ClientOperation<bool> commit = _world.Do((_, turn) => consumer.Commit(
            new Dictionary<TopicPartition, CommittedOffset> { [new("t", 0)] = new(7) }, turn));
        Assert.Equal(ErrorCode.UnknownMemberId, commit.Error!.Code);

        Return(ConsumerCallKind.Lost, Partitions(0));
        Assert.Equal((0, memberId), (_group.Beats.ElementAt(beats + 1).MemberEpoch, _group.Last.MemberId));
        Return(ConsumerCallKind.Assigned, Partitions(0));
        Assert.Equal(Partitions(0), Reads(consumer));
        Assert.Empty(_group.Commits);
        Assert.False(consumer.TryTakeError(out _));
    }

    [Fact]
    public void MemberThatIsPutOutWhileItGivesUp_NeitherCommitsNorAcknowledges()
    {
        _group.Assign(("t", 0), ("t", 1));
        ConsumerPart consumer = Join(Settings() with { Listener = this });
        Return(ConsumerCallKind.Assigned, Partitions(0, 1));
        consumer.Find(new TopicPartition("t", 0))!.MarkDone(7, 1, int.MaxValue);
        _group.Assign(("t", 1));
        _world.RunFor(ScriptedGroup.IntervalMs);
        _group.FailNext(ErrorCode.UnknownMemberId);
        _world.RunFor(ScriptedGroup.IntervalMs);
        Return(ConsumerCallKind.Revoked, Partitions(0));
        Return(ConsumerCallKind.Lost, Partitions(0, 1));
        Return(ConsumerCallKind.Assigned, Partitions(1));
        Assert.Empty(_group.Commits);
        Assert.Equal([("t", 1)], _group.Owned(_group.Last));
        Assert.Equal(Partitions(1), Reads(consumer));
    }

    [Fact]
    public void LostHeartbeat_IsFollowedByOneThatTellsEverything()
    {
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings());
        _world.RunFor(1000);
        _broker.On(ApiKey.ConsumerGroupHeartbeat, _ => null);
        _world.RunUntil(() => _group.Beats.Count() == 3);
        _broker.Break("cut");
        _group.Serve(_broker);
        _world.RunUntil(() => _group.Beats.Count() == 4, 5000);
        Assert.Equal(_group.Epoch, _group.Last.MemberEpoch);
        Assert.Equal(["t"], _group.Last.SubscribedTopicNames);
        Assert.Equal([("t", 0)], _group.Owned(_group.Last));
        Assert.Equal(Partitions(0), Reads(consumer));
    }

    [Fact]
    public void CoordinatorThatMoves_IsFoundAndToldEverything()
    {
        ScriptedBroker other = _world.Broker(2, "two");
        _broker.Topic("t", 1, 1, 1);
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings());
        _world.RunFor(1000);
        _group.Serve(other);
        other.On(ApiKey.FindCoordinator, _ => new FindCoordinatorResponse
        {
            Coordinators = { new() { Key = ScriptedGroup.Id, NodeId = 2, Host = "two", Port = 9092 } },
        });
        _group.Coordinator = other;
        _world.RunUntil(() => other.Of(ApiKey.ConsumerGroupHeartbeat).Any(), 2 * ScriptedGroup.IntervalMs);
        Assert.Equal(_group.Epoch, _group.Last.MemberEpoch);
        Assert.Equal([("t", 0)], _group.Owned(_group.Last));
        Assert.Equal(Partitions(0), Reads(consumer));
    }

    [Theory]
    [InlineData(ErrorCode.CoordinatorLoadInProgress)]
    [InlineData(ErrorCode.CoordinatorNotAvailable)]
    public void CoordinatorThatIsNotReady_IsAskedAgain(ErrorCode code)
    {
        for (int i = 0; i < 5; i++) _group.FailNext(code);
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings());
        _world.RunUntil(() => consumer.Cursors.Length == 1, 10_000);
        Assert.All(_group.Beats.Take(6), b => Assert.Equal(0, b.MemberEpoch));
    }

    [Theory]
    [InlineData(ErrorCode.UnreleasedInstanceId)]
    [InlineData(ErrorCode.FencedInstanceId)]
    [InlineData(ErrorCode.UnsupportedAssignor)]
    [InlineData(ErrorCode.InvalidRegularExpression)]
    [InlineData(ErrorCode.GroupMaxSizeReached)]
    [InlineData(ErrorCode.GroupAuthorizationFailed)]
    public void RefusalForGood_IsToldTheUserWithTheBrokersWords(ErrorCode code)
    {
        _group.FailNext(code);
        ConsumerPart consumer = Join(Settings());
        Assert.True(consumer.TryTakeError(out ClientError? error));
        Assert.Equal(code, error!.Code);
        Assert.Contains("the script says so", error.Text, StringComparison.Ordinal);
        _world.RunFor(60_000);
        Assert.Single(_group.Beats);

        // Another subscription is another try.
        _group.Assign(("t", 1));
        Subscribe(consumer, new Subscription(["t"], null));
        Assert.Equal(Partitions(1), Reads(consumer));
    }

    [Fact]
    public void BrokerWithoutKip848_IsJoinedByTheClassicProtocol_UnlessKip848WasChosen()
    {
        _broker.On(ApiKey.JoinGroup, _ => null);
        _group.FailNext(ErrorCode.UnsupportedVersion);
        ConsumerPart consumer = Join(Settings());
        Assert.Single(_broker.Of(ApiKey.JoinGroup));
        Assert.False(consumer.TryTakeError(out _));

        _group.FailNext(ErrorCode.UnsupportedVersion);
        ConsumerPart chosen = Join(Settings() with { GroupProtocol = GroupProtocol.Consumer });
        Assert.True(chosen.TryTakeError(out ClientError? error));
        Assert.Contains("KIP-848", error!.Text, StringComparison.Ordinal);
        Assert.Single(_broker.Of(ApiKey.JoinGroup));

        _group.FailNext(ErrorCode.UnsupportedVersion);
        ConsumerPart pattern = _world.Do((machine, turn) => new ConsumerPart(machine, Settings(), turn));
        Subscribe(pattern, new Subscription([], null, new SubscriptionPattern("t.*")));
        Assert.True(pattern.TryTakeError(out error));
        Assert.Contains("t.*", error!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void BrokersPattern_IsTold_AndItsTopicsAreFoundByTheirIds()
    {
        _broker.Topic("orders-1", 1);
        _group.Assign(("orders-1", 0));
        _broker.On(ApiKey.Metadata, request =>
        {
            MetadataRequest asked = (MetadataRequest)request.Message;
            Assert.NotNull(asked.Topics);
            MetadataResponse answer = new()
            {
                Brokers = { new() { NodeId = 1, Host = "one", Port = 9092 } },
                Topics = [.. asked.Topics.Select(t => _broker.Topics.Values.Single(k => k.TopicId == t.TopicId || k.Name == t.Name))],
            };
            return answer;
        });
        ConsumerPart consumer = _world.Do((machine, turn) => new ConsumerPart(machine, Settings(), turn));
        Subscribe(consumer, new Subscription([], null, new SubscriptionPattern("orders-.*")));
        Assert.Equal("orders-.*", _group.Beats.First().SubscribedTopicRegex);
        Assert.Equal([new TopicPartition("orders-1", 0)], Reads(consumer));
        Assert.Equal([("orders-1", 0)], _group.Owned(_group.Last));

        // Names instead of the pattern: the coordinator is told that it is gone.
        Subscribe(consumer, new Subscription(["t"], null));
        Assert.Equal("", _group.Last.SubscribedTopicRegex);
        Assert.Equal(["t"], _group.Last.SubscribedTopicNames);
    }

    [Fact]
    public void TopicThatNobodyKnowsYet_IsAskedForUntilItHasAName()
    {
        _group.Assign(("t", 0), ("late", 0));
        _broker.Topic("late", 1);
        bool isKnown = false;
        _broker.On(ApiKey.Metadata, request =>
        {
            MetadataResponse answer = new() { Brokers = { new() { NodeId = 1, Host = "one", Port = 9092 } } };
            foreach (var asked in ((MetadataRequest)request.Message).Topics!)
            {
                var topic = _broker.Topics.Values.Single(k => k.TopicId == asked.TopicId || k.Name == asked.Name);
                answer.Topics.Add(topic.Name == "t" || isKnown
                    ? topic
                    : new() { TopicId = asked.TopicId, ErrorCode = (short)ErrorCode.UnknownTopicId });
            }

            return answer;
        });
        ConsumerPart consumer = Join(Settings());
        Assert.Equal(Partitions(0), Reads(consumer));
        Assert.Equal([("t", 0)], _group.Owned(_group.Last));
        isKnown = true;
        _world.RunUntil(() => consumer.Cursors.Length == 2, 10_000);
        Assert.Equal(2, _group.Owned(_group.Last)!.Count);
    }

    [Fact]
    public void PatternHere_FollowsTheTopicsThatAppear()
    {
        ConsumerPart consumer = _world.Do((machine, turn) => new ConsumerPart(machine, Settings(), turn));
        Subscribe(consumer, new Subscription([], new("^x")));
        _broker.Topic("x1", 1);
        _world.RunUntil(() => _group.Last.SubscribedTopicNames is ["x1"], 1_000_000);
    }

    [Theory]
    [InlineData(null, -1)]
    [InlineData("i", -2)]
    public void Closing_TellsTheUserCommitsAndLeaves(string? instance, int epoch)
    {
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings() with { Listener = this, GroupInstanceId = instance });
        Return(ConsumerCallKind.Assigned, Partitions(0));
        _world.RunFor(100);
        consumer.Find(new TopicPartition("t", 0))!.MarkDone(9, 1, int.MaxValue);
        ClientOperation<bool> left = _world.Do((_, turn) => consumer.Leave(turn));
        _world.RunFor(ScriptedGroup.IntervalMs);
        Assert.False(left.IsDone);
        Return(ConsumerCallKind.Revoked, Partitions(0));
        Assert.True(left.IsDone);
        Assert.Equal(9, _group.Commits.Single().Topics.Single().Partitions.Single().CommittedOffset);
        Assert.Equal((epoch, instance), (_group.Last.MemberEpoch, _group.Last.InstanceId));
        int beats = _group.Beats.Count();
        _world.RunFor(60_000);
        Assert.Equal(beats, _group.Beats.Count());
    }

    [Fact]
    public void ClosingTheClient_EndsAConsumerThatWaitsForItsListener()
    {
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings() with { Listener = this });
        Return(ConsumerCallKind.Assigned, Partitions(0));
        ClientOperation<bool> left = _world.Do((_, turn) => consumer.Leave(turn));
        _world.Machine.Close(_world.Now, new EffectList<ClientEffect>());
        Assert.True(left.IsDone);
    }

    [Fact]
    public void CommitWithAStaleEpoch_IsSentAgainWithTheNewOne()
    {
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings());
        _world.RunFor(100);
        int old = _group.Epoch;
        _group.CommitErrors.Enqueue(ErrorCode.StaleMemberEpoch);
        _group.Assign(("t", 0));
        ClientOperation<bool> commit = _world.Do((_, turn) => consumer.Commit(
            new Dictionary<TopicPartition, CommittedOffset> { [new("t", 0)] = new(3) }, turn));
        Assert.False(commit.IsDone);
        _world.RunFor(ScriptedGroup.IntervalMs);
        _world.RunUntil(() => commit.IsDone, 5000);
        Assert.Null(commit.Error);
        Assert.Equal(old, _group.Commits[0].GenerationIdOrMemberEpoch);
        Assert.True(_group.Commits[^1].GenerationIdOrMemberEpoch >= old);
    }

    [Fact]
    public void CommitOfAMemberThatWasPutOut_IsNotSentAgainInTheNameOfTheNewOne()
    {
        _group.Assign(("t", 0));
        ConsumerPart consumer = Join(Settings());
        _world.RunFor(100);
        for (int i = 0; i < 100; i++) _group.CommitErrors.Enqueue(ErrorCode.StaleMemberEpoch);
        ClientOperation<bool> commit = _world.Do((_, turn) => consumer.Commit(
            new Dictionary<TopicPartition, CommittedOffset> { [new("t", 0)] = new(3) }, turn));
        _group.FailNext(ErrorCode.FencedMemberEpoch);
        _world.RunUntil(() => commit.IsDone, 20_000);
        Assert.Equal(ErrorCode.StaleMemberEpoch, commit.Error!.Code);
        Assert.Single(_group.Commits.Select(c => c.GenerationIdOrMemberEpoch).Distinct());
    }

    [Fact]
    public void ReaderThatTakesNothing_StopsTheFetching_AndStaysAMember()
    {
        _group.Assign(("t", 0), ("t", 1));
        _broker.On(ApiKey.Fetch, request => Fetched.Answer(_broker, (FetchRequest)request.Message));
        ConsumerPart consumer = Join(Settings() with
        {
            Listener = this,
            MaxPollInterval = Duration.FromSeconds(20),
            OffsetReset = OffsetReset.Earliest,
        });
        Return(ConsumerCallKind.Assigned, Partitions(0, 1));
        _world.RunFor(1000);
        Assert.NotNull(consumer.Take());
        _world.RunFor(19_000);
        Assert.False(consumer.Stall.IsStalled);
        consumer.Stall.OnRead();
        _world.RunFor(19_000);
        Assert.False(consumer.Stall.IsStalled);
        _world.RunFor(11_000);
        Assert.True(consumer.Stall.IsStalled);
        ConsumerCall told = (ConsumerCall)_world.UserCalls.Single();
        Assert.Equal((ConsumerCallKind.Stalled, true), (told.Kind, told.IsStalled));
        _world.UserCalls.Clear();
        _world.Return(told);
        int fetches = _broker.Of(ApiKey.Fetch).Count();
        int beats = _group.Beats.Count();
        _world.RunFor(60_000);
        Assert.Equal(fetches, _broker.Of(ApiKey.Fetch).Count());
        Assert.Equal(beats + 12, _group.Beats.Count());
        Assert.Equal(Partitions(0, 1), Reads(consumer));

        _world.Do((_, turn) => consumer.WaitForRecords(turn));
        Assert.False(consumer.Stall.IsStalled);
        Assert.False(((ConsumerCall)_world.UserCalls.Single()).IsStalled);
        Assert.True(_broker.Of(ApiKey.Fetch).Count() > fetches || consumer.Take() is not null);
    }

    private static ConsumerSettings Settings() =>
        new() { GroupId = ScriptedGroup.Id, AutoCommitInterval = Duration.FromSeconds(100_000) };

    private static TopicPartition[] Partitions(params int[] numbers) => [.. numbers.Select(n => new TopicPartition("t", n))];

    private static TopicPartition[] Reads(ConsumerPart consumer) => [.. consumer.Cursors.Select(c => c.Partition)];

    private ConsumerPart Join(ConsumerSettings settings)
    {
        ConsumerPart consumer = _world.Do((machine, turn) => new ConsumerPart(machine, settings, turn));
        Subscribe(consumer, new Subscription(["t"], null));
        return consumer;
    }

    private void Subscribe(ConsumerPart consumer, Subscription subscription) => _world.Do((_, turn) =>
    {
        consumer.Subscribe(subscription, turn);
        return 0;
    });

    /// <summary>The user's code was called once for this, and ends now.</summary>
    private void Return(ConsumerCallKind kind, TopicPartition[] partitions)
    {
        ConsumerCall call = (ConsumerCall)_world.UserCalls[0];
        Assert.Equal(kind, call.Kind);
        Assert.Equal(partitions, call.Partitions);
        _world.UserCalls.RemoveAt(0);
        _world.Return(call);
    }
}
