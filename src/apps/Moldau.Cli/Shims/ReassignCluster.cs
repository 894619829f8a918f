using System.Collections.Immutable;
using System.Globalization;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary>What <c>kafka-reassign-partitions.sh</c> asks the cluster: by way of its brokers, or of the active controller itself, which
/// knows no topics.</summary>
internal sealed class ReassignCluster
{
    private readonly ShimContext _context;

    private ReassignCluster(ShimContext context) => _context = context;

    /// <summary>Connects to whom the options name.</summary>
    /// <exception cref="MoldauException">Nobody listens there.</exception>
    public static async Task<ReassignCluster> ConnectAsync(ShimContext context, string call)
    {
        await context.ConnectAsync(call).ConfigureAwait(false);
        return new ReassignCluster(context);
    }

    private static int Patience => (int)ShimContext.Patience.TotalMilliseconds;

    /// <summary>The moves that go on, of the named partitions or of all (null).</summary>
    public async Task<IReadOnlyDictionary<TopicPartition, PartitionReassignment>> MovingAsync(IEnumerable<TopicPartition>? partitions)
    {
        ListPartitionReassignmentsResponse answer = await _context.Asking
            .AskAsync<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>(_context.Controller,
            _ => new ListPartitionReassignmentsRequest
            {
                TimeoutMs = Patience,
                Topics = partitions?.Distinct().Order().GroupBy(p => p.Topic, StringComparer.Ordinal)
                    .Select(t => new ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics
                    {
                        Name = t.Key,
                        PartitionIndexes = [.. t.Select(p => p.Partition)],
                    }).ToList(),
            },
            _context.Cancel).ConfigureAwait(false);
        Require(answer.ErrorCode, answer.ErrorMessage, "the moves are not told");
        return answer.Topics.SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.PartitionIndex), p))).ToDictionary(
            r => r.Key, r => new PartitionReassignment([.. r.p.Replicas], [.. r.p.AddingReplicas], [.. r.p.RemovingReplicas]));
    }

    /// <summary>Begins moves, or takes them back (null); the result tells why partitions will not be moved.</summary>
    public async Task<IReadOnlyDictionary<TopicPartition, ClientError>> MoveAsync(
        IReadOnlyDictionary<TopicPartition, List<int>?> targets, bool mayChangeFactor = true)
    {
        AlterPartitionReassignmentsResponse answer = await _context.Asking
            .AskAsync<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>(_context.Controller,
            _ => new AlterPartitionReassignmentsRequest
            {
                TimeoutMs = Patience,
                AllowReplicationFactorChange = mayChangeFactor,
                Topics = [.. targets.OrderBy(t => t.Key).GroupBy(t => t.Key.Topic, StringComparer.Ordinal)
                    .Select(t => new AlterPartitionReassignmentsRequest.ReassignableTopic
                    {
                        Name = t.Key,
                        Partitions = [.. t.Select(p => new AlterPartitionReassignmentsRequest.ReassignablePartition
                        {
                            PartitionIndex = p.Key.Partition,
                            Replicas = p.Value,
                        })],
                    })],
            },
            _context.Cancel).ConfigureAwait(false);
        ErrorCode all = ErrorCodes.FromWire(answer.ErrorCode);
        if (all != ErrorCode.None)
            return targets.Keys.ToDictionary(p => p, p => ClientError.Of(all, answer.ErrorMessage, $"{p} was not moved"));
        return answer.Responses.SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.PartitionIndex), p)))
            .Where(r => r.p.ErrorCode != 0)
            .ToDictionary(r => r.Key, r => ClientError.Of(ErrorCodes.FromWire(r.p.ErrorCode), r.p.ErrorMessage, $"{r.Key} was not moved"));
    }

    /// <summary>The nodes that who was connected to knows.</summary>
    public async Task<IReadOnlyList<BrokerInfo>> NodesAsync() => _context.IsAtController
        ? [.. (await _context.DescribeControllersAsync().ConfigureAwait(false)).Brokers
            .Select(b => new BrokerInfo(b.BrokerId, new BrokerAddress(b.Host, b.Port), b.Rack))]
        : (await _context.Admin.DescribeClusterAsync(_context.Cancel).ConfigureAwait(false)).Brokers;

    /// <summary>Topics by name; null for one that does not exist.</summary>
    public async Task<IReadOnlyDictionary<string, TopicInfo?>> TopicsAsync(IEnumerable<string> names)
    {
        string[] wanted = [.. names.Distinct(StringComparer.Ordinal)];
        if (wanted.Length == 0) return ImmutableDictionary<string, TopicInfo?>.Empty;
        var described = await _context.Admin.DescribeTopicsAsync(wanted, _context.Cancel).ConfigureAwait(false);
        ClientError? error = JavaOrder.Of(wanted).Select(n => described[n].Error)
            .FirstOrDefault(e => e is not null && e.Code != ErrorCode.UnknownTopicOrPartition);
        return error is null
            ? described.ToDictionary(d => d.Key, d => d.Value.Value, StringComparer.Ordinal)
            : throw new MoldauException(error);
    }

    /// <summary>Topics that must all exist.</summary>
    /// <exception cref="ReassignFailedException">One does not.</exception>
    public async Task<IReadOnlyList<TopicInfo>> RequireTopicsAsync(IEnumerable<string> names)
    {
        var topics = await TopicsAsync(names).ConfigureAwait(false);
        return [.. JavaOrder.Of(topics.Keys).Select(n => topics[n] ?? throw ReassignFailedException.Refused(
            $"{ShimErrors.ClassOf(ErrorCode.UnknownTopicOrPartition)}: Topic {n} not found."))];
    }

    /// <summary>Where replicas are.</summary>
    public async Task<IReadOnlyDictionary<TopicPartitionReplica, ReplicaLogDir>> DirectoriesAsync(
        IReadOnlyCollection<TopicPartitionReplica> replicas)
    {
        if (replicas.Count == 0) return ImmutableDictionary<TopicPartitionReplica, ReplicaLogDir>.Empty;
        var described = await _context.Admin.LogDirs.DescribeReplicasAsync(replicas, _context.Cancel).ConfigureAwait(false);
        ClientError? error = described.Values.Select(d => d.Error).FirstOrDefault(e => e is not null);
        return error is null ? described.ToDictionary(d => d.Key, d => d.Value.Value!) : throw new MoldauException(error);
    }

    /// <summary>The directories in which live brokers have replicas.</summary>
    public async Task<IReadOnlyDictionary<TopicPartitionReplica, string>> DirectoriesAsync(
        IReadOnlyDictionary<TopicPartition, IReadOnlyList<int>> partitions)
    {
        HashSet<int> live = [.. (await NodesAsync().ConfigureAwait(false)).Select(n => n.Id)];
        TopicPartitionReplica[] replicas =
            [.. partitions.SelectMany(p => p.Value.Where(live.Contains).Select(r => new TopicPartitionReplica(p.Key, r)))];
        var found = await DirectoriesAsync(replicas).ConfigureAwait(false);
        return found.Where(f => f.Value.Path is not null).ToDictionary(f => f.Key, f => f.Value.Path!);
    }

    /// <summary>Begins to move replicas to other directories of their brokers.</summary>
    public Task<IReadOnlyDictionary<TopicPartitionReplica, ClientError?>> MoveDirectoriesAsync(
        IReadOnlyDictionary<TopicPartitionReplica, string> targets) =>
        _context.Admin.LogDirs.AlterReplicasAsync(targets, _context.Cancel);

    /// <summary>Changes properties of a topic or, by its number, of a broker.</summary>
    public async Task ConfigureAsync(ConfigResourceKind kind, string name, IEnumerable<(string Property, string? Value)> changes)
    {
        ConfigChange[] all =
        [
            .. changes.Select(c => new ConfigChange(c.Property, c.Value is null ? ConfigChangeKind.Delete : ConfigChangeKind.Set, c.Value)),
        ];
        if (!_context.IsAtController)
        {
            await _context.Admin.ChangeConfigAsync(new ConfigResource(kind, name), all, false, _context.Cancel).ConfigureAwait(false);
            return;
        }

        IncrementalAlterConfigsResponse answer = await _context.Asking
            .AskAsync<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(_context.Controller,
            _ => new IncrementalAlterConfigsRequest
            {
                Resources = [new()
                {
                    ResourceType = (sbyte)kind,
                    ResourceName = name,
                    Configs = [.. all.Select(c => new IncrementalAlterConfigsRequest.AlterableConfig
                    {
                        Name = c.Name,
                        ConfigOperation = (sbyte)c.Kind,
                        Value = c.Value,
                    })],
                }],
            },
            _context.Cancel).ConfigureAwait(false);
        Require(answer.Responses[0].ErrorCode, answer.Responses[0].ErrorMessage, $"the properties of {name} were not changed");
    }

    /// <summary>A broker's number as the name of what has properties.</summary>
    public static string Name(int broker) => broker.ToString(CultureInfo.InvariantCulture);

    private static void Require(short code, string? text, string what)
    {
        ErrorCode error = ErrorCodes.FromWire(code);
        if (error != ErrorCode.None) throw new MoldauException(ClientError.Of(error, text, what));
    }
}
