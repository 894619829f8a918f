using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>One produce request on its connection's shard: spread over the owners of its partitions, answered when all
/// have their offsets or errors.</summary>
internal sealed class ProduceOperation(ShardMachine shard, RequestContext request, short acks, int timeoutMs)
{
    private readonly SortedDictionary<int, ProduceCall> _calls = [];
    private readonly List<Topic> _topics = [];
    private int _outstanding;

    public IReadOnlyList<Topic> Topics => _topics;

    public RequestContext Request { get; } = request;

    public short Acks { get; } = acks;

    public void AddTopic(string name, Uuid id) => _topics.Add(new Topic(name, id, []));

    /// <summary>A partition of the last added topic that is refused before it reaches an owner.</summary>
    public void AddFailed(int partition, ErrorCode error, string? message = null) =>
        _topics[^1].Partitions.Add(new ProduceCall.Entry
        {
            Index = partition,
            Partition = new TopicIdPartition(_topics[^1].Id, partition),
            Start = 0,
            Length = 0,
            IsComplete = true,
            Error = error,
            ErrorMessage = message,
        });

    public void Add(TopicIdPartition partition, int start, int length)
    {
        MachineId owner = shard.Map.OwnerOf(partition);
        if (!_calls.TryGetValue(owner.Number, out ProduceCall? call))
            _calls.Add(owner.Number, call = new ProduceCall(this, Request.Frame, Acks, timeoutMs));
        ProduceCall.Entry entry = new() { Index = partition.Partition, Partition = partition, Start = start, Length = length };
        call.Entries.Add(entry);
        _topics[^1].Partitions.Add(entry);
    }

    /// <summary>Takes back what was added: every partition is answered with the error and none is appended to.</summary>
    public void RefuseAll(ErrorCode error)
    {
        _calls.Clear();
        foreach (Topic topic in _topics)
        {
            for (int i = 0; i < topic.Partitions.Count; i++)
            {
                topic.Partitions[i].IsComplete = true;
                topic.Partitions[i].Error = error;
                topic.Partitions[i].ErrorMessage = null;
            }
        }
    }

    public void Start()
    {
        _outstanding = _calls.Count;
        if (_outstanding == 0) Answer();
        foreach ((int owner, ProduceCall call) in _calls) shard.Call(new MachineId(owner), call);
    }

    public void OnReturned(ProduceCall call)
    {
        if (--_outstanding == 0) Answer();
    }

    private void Answer()
    {
        bool hasError = false;
        foreach (Topic topic in _topics)
            foreach (ProduceCall.Entry entry in topic.Partitions) hasError |= entry.Error != ErrorCode.None;
        shard.CountProduced(this);
        if (Acks != 0) Request.Respond(ProduceEncoder.Response(shard, this));
        else if (hasError) Request.EndConnection(); // the only way to tell a client that wants no answers
        else Request.RespondNothing();
    }

    internal sealed record Topic(string Name, Uuid Id, List<ProduceCall.Entry> Partitions);
}
