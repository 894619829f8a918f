using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>The names of topics that a coordinator tells of by their ids: those that the metadata has, and else those that
/// a broker is asked for.</summary>
internal sealed class TopicNames(ClientMachine machine)
{
    /// <summary>Metadata can be asked by id from here on.</summary>
    private const short FirstByIdVersion = 12;

    private readonly Dictionary<Uuid, string> _names = [];

    /// <summary>Null while it is not known.</summary>
    public string? NameOf(Uuid id) => _names.GetValueOrDefault(id);

    /// <summary>Calls when each topic has a name, or nobody knows one.</summary>
    public void Find(IReadOnlyCollection<Uuid> ids, ClientTurn turn, Action<ClientTurn> done)
    {
        foreach (TopicInfo topic in machine.Metadata.View.Topics.Values) _names[topic.Id] = topic.Name;
        Uuid[] missing = [.. ids.Where(id => !_names.ContainsKey(id)).Distinct()];
        if (missing.Length == 0)
        {
            done(turn);
            return;
        }

        MetadataRequest request = new()
        {
            AllowAutoTopicCreation = false,
            Topics = [.. missing.Select(id => new MetadataRequest.MetadataRequestTopic { TopicId = id, Name = null })],
        };
        ClientCall<MetadataRequest, MetadataResponse> call = new(
            CallTarget.Any,
            _ => request,
            (answer, now) =>
            {
                foreach (MetadataResponse.MetadataResponseTopic topic in answer.Topics)
                    if (topic.ErrorCode == 0 && topic.Name is { } name) _names[topic.TopicId] = name;
                done(now);
                return CallOutcome.Done;
            },
            (_, now) => done(now))
        {
            From = FirstByIdVersion,
            Deadline = turn.Now + machine.Settings.RequestTimeout,
        };
        machine.Calls.Start(call, turn);
    }
}
