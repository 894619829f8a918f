using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Told = Moldau.Protocol.DescribeConfigsResponse.DescribeConfigsResourceResult;

namespace Moldau.Client.Tests.Admin;

/// <summary>Changes of configurations by brokers that have AlterConfigs alone, as before 2.3.</summary>
public sealed class ConfigReplacementTests
{
    private static readonly ConfigResource _topic = new(ConfigResourceKind.Topic, "t");
    private static readonly ConfigResource _brokerOne = new(ConfigResourceKind.Broker, "1");

    [Fact]
    public void Change_KeepsWhatTheTopicHas_AndNothingOfWhatItInherits()
    {
        ScriptedBroker broker = Old(out MachineWorld world,
            Value("retention.ms", "1000", ConfigSource.TopicConfig),
            Value("max.message.bytes", "2000", ConfigSource.TopicConfig),
            Value("segment.bytes", "3000", ConfigSource.StaticBrokerConfig),
            Value("cleanup.policy", "delete", ConfigSource.DefaultConfig));
        var operation = Change(world, _topic, true,
            new("retention.ms", ConfigChangeKind.Set, "5"),
            new("max.message.bytes", ConfigChangeKind.Delete, null),
            new("cleanup.policy", ConfigChangeKind.Append, "compact,delete"),
            new("index.interval.bytes", ConfigChangeKind.Set, "7"));
        Assert.Null(operation.Result);
        ScriptedRequest sent = Assert.Single(broker.Of(ApiKey.AlterConfigs));
        Assert.Equal(1, sent.Version);
        AlterConfigsRequest request = (AlterConfigsRequest)sent.Message;
        Assert.True(request.ValidateOnly);
        Assert.Equal(
            ["cleanup.policy=delete,compact", "index.interval.bytes=7", "retention.ms=5"],
            request.Resources.Single().Configs.Select(c => $"{c.Name}={c.Value}"));
    }

    [Fact]
    public void Subtract_TakesOutOfTheList()
    {
        ScriptedBroker broker = Old(out MachineWorld world,
            Value("cleanup.policy", "compact, delete", ConfigSource.TopicConfig));
        Assert.Null(Change(world, _topic, false, new ConfigChange("cleanup.policy", ConfigChangeKind.Subtract, "delete")).Result);
        Assert.Equal("compact", Sent(broker).Single().Value);
    }

    [Fact]
    public void Broker_KeepsItsOwnDynamicValuesAlone()
    {
        ScriptedBroker broker = Old(out MachineWorld world,
            Value("log.cleaner.threads", "2", ConfigSource.DynamicBrokerConfig),
            Value("num.io.threads", "4", ConfigSource.DynamicDefaultBrokerConfig));
        Assert.Null(Change(world, _brokerOne, false, new ConfigChange("num.network.threads", ConfigChangeKind.Set, "5")).Result);
        Assert.Equal(["log.cleaner.threads", "num.network.threads"], Sent(broker).Select(c => c.Name));
    }

    [Fact]
    public void SecretThatWouldBeLost_IsARefusal()
    {
        Told secret = Value("ssl.key.password", null, ConfigSource.DynamicBrokerConfig);
        secret.IsSensitive = true;
        ScriptedBroker broker = Old(out MachineWorld world, secret);
        ClientError error = Change(world, _brokerOne, false, new ConfigChange("num.network.threads", ConfigChangeKind.Set, "5")).Result!;
        Assert.Equal(ErrorCode.UnsupportedVersion, error.Code);
        Assert.Contains("ssl.key.password is secret", error.Text, StringComparison.Ordinal);
        Assert.Empty(broker.Of(ApiKey.AlterConfigs));
        Assert.Null(Change(world, _brokerOne, false, new ConfigChange("ssl.key.password", ConfigChangeKind.Set, "new")).Result);
        Assert.Equal("new", Sent(broker).Single().Value);
    }

    [Fact]
    public void AppendToWhatIsNotKnownToBeAList_IsARefusal()
    {
        ScriptedBroker broker = Old(out MachineWorld world, Value("retention.ms", "1", ConfigSource.TopicConfig));
        ClientError error = Change(world, _topic, false, new ConfigChange("retention.ms", ConfigChangeKind.Append, "2")).Result!;
        Assert.Contains("retention.ms is not known to be a list", error.Text, StringComparison.Ordinal);
        ClientError untold = Change(world, _topic, false, new ConfigChange("cleanup.policy", ConfigChangeKind.Append, "x")).Result!;
        Assert.Contains("the value of cleanup.policy is not told", untold.Text, StringComparison.Ordinal);
        Assert.Empty(broker.Of(ApiKey.AlterConfigs));
    }

    [Fact]
    public void Refusal_IsTold()
    {
        ScriptedBroker broker = Old(out MachineWorld world);
        broker.On(ApiKey.AlterConfigs, _ => new AlterConfigsResponse
        {
            Responses = [new() { ResourceName = "t", ErrorCode = (short)ErrorCode.InvalidConfig, ErrorMessage = "no" }],
        });
        ClientError error = Change(world, _topic, false, new ConfigChange("retention.ms", ConfigChangeKind.Set, "x")).Result!;
        Assert.Equal(ErrorCode.InvalidConfig, error.Code);
    }

    private static ClientOperation<ClientError?> Change(
        MachineWorld world, ConfigResource resource, bool validateOnly, params ConfigChange[] changes)
    {
        var operation = world.Do((machine, turn) => ConfigAdmin.Change(machine, turn, resource, changes, validateOnly));
        world.RunUntil(() => operation.IsDone, 10_000);
        Assert.Null(operation.Error);
        return operation;
    }

    private static List<AlterConfigsRequest.AlterableConfig> Sent(ScriptedBroker broker) =>
        ((AlterConfigsRequest)broker.Of(ApiKey.AlterConfigs).Last().Message).Resources.Single().Configs;

    /// <summary>A value as a broker of 2.1 tells it: without its type.</summary>
    private static Told Value(string name, string? value, ConfigSource source) =>
        new() { Name = name, Value = value, ConfigSource = (sbyte)source };

    private static ScriptedBroker Old(out MachineWorld world, params Told[] values)
    {
        world = new MachineWorld();
        ScriptedBroker broker = world.Broker(1, "one");
        broker.HighestVersions[ApiKey.IncrementalAlterConfigs] = -1;
        broker.HighestVersions[ApiKey.DescribeConfigs] = 2;
        broker.HighestVersions[ApiKey.AlterConfigs] = 1;
        broker.On(ApiKey.DescribeConfigs, _ => new DescribeConfigsResponse
        {
            Results = [new() { Configs = [.. values] }],
        });
        return broker.On(ApiKey.AlterConfigs, _ => new AlterConfigsResponse { Responses = [new() { ResourceName = "t" }] });
    }
}
