using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata.Tests;

/// <summary>Which log directory a replica is in, and who leads when one is offline (KIP-858).</summary>
public sealed class DirectoryAssignmentTests
{
    private static readonly Uuid First = new(601, 1);
    private static readonly Uuid Second = new(602, 1);

    [Fact]
    public void A_broker_with_one_directory_has_its_replicas_assigned_at_once_one_with_two_says_where()
    {
        var controller = new TestController();
        (long _, int incarnation) = Register(controller, 1, First);
        controller.CreateTopic("one");
        Assert.Equal(First, DirectoryOf(controller, "one", 0));
        (long epoch, _) = Restart(controller, incarnation, First, Second);
        controller.CreateTopic("two", 2);
        Assert.Equal(DirectoryIds.Unassigned, DirectoryOf(controller, "two", 0));
        int before = controller.Log.Count;
        Assert.Equal([ErrorCode.None, ErrorCode.None], Assign(controller, epoch, Second, "two", 0, 1));
        Assert.Equal([Second, Second], [DirectoryOf(controller, "two", 0), DirectoryOf(controller, "two", 1)]);
        Assert.Equal(2, controller.Log.Count - before);
        Assert.All(controller.Log.Skip(before), r => Assert.Equal(LeaderConstants.NoChange, ((PartitionChangeRecord)r.Message).Leader));
        // Said once more it changes nothing.
        Assert.Equal([ErrorCode.None, ErrorCode.None], Assign(controller, epoch, Second, "two", 0, 1));
        Assert.Equal(2, controller.Log.Count - before);
    }

    [Fact]
    public void A_directory_that_a_heartbeat_calls_offline_takes_the_leadership_of_its_replicas()
    {
        var controller = new TestController();
        (long epoch, _) = Register(controller, 1, First, Second);
        controller.CreateTopic("t", 2);
        Assign(controller, epoch, First, "t", 0);
        Assign(controller, epoch, Second, "t", 1);
        BrokerHeartbeatRequest heartbeat = new()
        {
            BrokerId = 1,
            BrokerEpoch = epoch,
            CurrentMetadataOffset = controller.NextOffset - 1,
            OfflineLogDirs = [Second],
        };
        Assert.Equal(0, controller.Ask<BrokerHeartbeatResponse>(heartbeat, 2).ErrorCode);
        Assert.Equal([1, LeaderConstants.NoLeader], Leaders(controller, "t"));
        Assert.Equal([First], controller.Image.Cluster.Broker(1)!.Directories);
        // What is new goes to the one that is left.
        controller.CreateTopic("u");
        Assert.Equal(First, DirectoryOf(controller, "u", 0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_broker_that_starts_without_a_directory_leads_nothing_in_it_until_that_is_back(bool wasClean)
    {
        var controller = new TestController();
        (long epoch, int incarnation) = Register(controller, 1, First, Second);
        controller.CreateTopic("t", 3);
        Assign(controller, epoch, First, "t", 0, 2);
        Assign(controller, epoch, Second, "t", 1);
        (epoch, incarnation) = Restart(controller, incarnation, wasClean ? epoch : -1, First);
        Assert.Equal([1, LeaderConstants.NoLeader, 1], Leaders(controller, "t"));
        Assert.Equal(Second, DirectoryOf(controller, "t", 1));
        Restart(controller, incarnation, wasClean ? epoch : -1, First, Second);
        Assert.Equal([1, 1, 1], Leaders(controller, "t"));
    }

    /// <summary>The replica's folder was moved by hand: the broker tells while it is fenced, and leads when it is not.</summary>
    [Fact]
    public void A_replica_that_is_assigned_to_an_online_directory_while_its_broker_is_fenced_is_led_afterwards()
    {
        var controller = new TestController();
        (long epoch, int incarnation) = Register(controller, 1, First, Second);
        controller.CreateTopic("t");
        Assign(controller, epoch, Second, "t", 0);
        BrokerRegistrationResponse again = Ask(controller, incarnation + 1, -1, First);
        Assert.Equal([ErrorCode.None], Assign(controller, again.BrokerEpoch, First, "t", 0));
        controller.Heartbeat(1, again.BrokerEpoch);
        Assert.Equal([1], Leaders(controller, "t"));
    }

    [Fact]
    public void An_assignment_of_what_is_not_there_or_by_an_older_broker_is_refused()
    {
        var controller = new TestController();
        (long epoch, _) = Register(controller, 1, First, Second);
        controller.CreateTopic("t");
        Assert.Equal([ErrorCode.UnknownTopicOrPartition], Assign(controller, epoch, First, "t", 7));
        AssignReplicasToDirsRequest request = new() { BrokerId = 1, BrokerEpoch = epoch - 1 };
        Assert.Equal((short)ErrorCode.StaleBrokerEpoch, controller.Ask<AssignReplicasToDirsResponse>(request).ErrorCode);
    }

    private static (long Epoch, int Incarnation) Register(TestController controller, int incarnation, params Uuid[] directories)
    {
        BrokerRegistrationResponse response = Ask(controller, incarnation, -1, directories);
        controller.Heartbeat(1, response.BrokerEpoch);
        return (response.BrokerEpoch, incarnation);
    }

    private static (long Epoch, int Incarnation) Restart(TestController controller, int incarnation, params Uuid[] directories) =>
        Restart(controller, incarnation, -1, directories);

    private static (long Epoch, int Incarnation) Restart(
        TestController controller, int incarnation, long previousEpoch, params Uuid[] directories)
    {
        BrokerRegistrationResponse response = Ask(controller, incarnation + 1, previousEpoch, directories);
        controller.Heartbeat(1, response.BrokerEpoch);
        return (response.BrokerEpoch, incarnation + 1);
    }

    private static BrokerRegistrationResponse Ask(TestController controller, int incarnation, long previousEpoch, params Uuid[] directories)
    {
        controller.Advance(9_001); // the session of the one before is over
        BrokerRegistrationRequest request = TestController.Registration(1, new Uuid(9, incarnation), previousEpoch);
        request.LogDirs = [.. directories];
        BrokerRegistrationResponse response = controller.Ask<BrokerRegistrationResponse>(request, 4);
        Assert.Equal(0, response.ErrorCode);
        return response;
    }

    private static List<ErrorCode> Assign(TestController controller, long epoch, Uuid directory, string topic, params int[] partitions)
    {
        AssignReplicasToDirsRequest.TopicData data = new() { TopicId = controller.Image.Topics.Find(topic)!.Id }; // made by the test
        foreach (int partition in partitions) data.Partitions.Add(new() { PartitionIndex = partition });
        AssignReplicasToDirsRequest request = new() { BrokerId = 1, BrokerEpoch = epoch };
        request.Directories.Add(new() { Id = directory, Topics = [data] });
        AssignReplicasToDirsResponse response = controller.Ask<AssignReplicasToDirsResponse>(request);
        Assert.Equal(0, response.ErrorCode);
        return [.. response.Directories[0].Topics[0].Partitions.Select(p => (ErrorCode)p.ErrorCode)];
    }

    private static Uuid DirectoryOf(TestController controller, string topic, int partition) =>
        controller.Image.Topics.Find(topic)!.Partitions[partition].DirectoryOf(1); // made by the test

    private static List<int> Leaders(TestController controller, string topic) =>
        [.. controller.Image.Topics.Find(topic)!.Partitions.Select(p => p.Leader)]; // made by the test
}
