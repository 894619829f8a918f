namespace Moldau.Config;

/// <summary>Properties of a broker or controller, as in server.properties.</summary>
public static class BrokerConfigTable
{
    public static ConfigTable Table { get; } = new("Broker", BrokerLogRows.Keys, BrokerNetworkRows.Keys,
        BrokerGroupRows.Keys, BrokerQuorumRows.Keys, BrokerReplicationRows.Keys, BrokerSecurityRows.Keys,
        BrokerTieringRows.Keys, MoldauRows.Broker);
}

/// <summary>Properties of a topic.</summary>
public static class TopicConfigTable
{
    public static ConfigTable Table { get; } = new("Topic", TopicRows.Keys, MoldauRows.Topic);
}

/// <summary>Properties of a group.</summary>
public static class GroupConfigTable
{
    public static ConfigTable Table { get; } = new("Group", GroupRows.Keys);
}

/// <summary>Properties of a client metrics subscription.</summary>
public static class ClientMetricsConfigTable
{
    public static ConfigTable Table { get; } = new("Client metrics", ClientMetricsRows.Keys);
}
