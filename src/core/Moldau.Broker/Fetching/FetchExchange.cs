using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>One fetch request on its way from its connection's shard to its session's home and back with the answer; the
/// two are the same shard unless a client goes on with a session by another connection.</summary>
internal sealed class FetchExchange(RequestContext request) : MachineCall
{
    public const int FinalEpoch = -1;
    public const int InitialEpoch = 0;

    public required int SessionId { get; init; }

    public required int SessionEpoch { get; init; }

    /// <summary>Names topics by id: version 13 and later.</summary>
    public required bool UsesTopicIds { get; init; }

    public required bool IsReadCommitted { get; init; }

    /// <summary>A broker asks, as a follower. None of them has a replica here yet.</summary>
    public required bool IsReplica { get; init; }

    /// <summary>Records at most, in bytes.</summary>
    public required int MaxBytes { get; init; }

    /// <summary>Bytes worth an answer before the wait is over.</summary>
    public required int MinBytes { get; init; }

    public required int MaxWaitMs { get; init; }

    /// <summary>What the request asks for makes no sense: nothing is read.</summary>
    public required ErrorCode Refusal { get; init; }

    /// <summary>What the request names; a session may have more.</summary>
    public List<(FetchKey Key, FetchAsk Ask)> Named { get; } = [];

    public List<FetchKey> Forgotten { get; } = [];

    /// <summary>Asks for all it names, and ends the session that it names.</summary>
    public bool IsFull => SessionEpoch is InitialEpoch or FinalEpoch;

    /// <summary>Of the answer as a whole.</summary>
    public ErrorCode Error { get; set; }

    public int AnsweredSessionId { get; set; }

    public List<FetchAnswer> Answers { get; } = [];

    public override void RunAt(Machine owner) => new FetchOperation((ShardMachine)owner, this).Start();

    public override void ReturnedTo(Machine origin)
    {
        if (!request.IsAbandoned)
        {
            request.Respond(FetchEncoder.Encode((ShardMachine)origin, request, AnsweredSessionId, Error, Answers));
            return;
        }

        foreach (FetchAnswer answer in Answers) answer.Result.Slice.Release();
        request.RespondNothing();
    }
}
