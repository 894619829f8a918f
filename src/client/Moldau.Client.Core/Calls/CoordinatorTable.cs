using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Which broker coordinates which group or transactional id, learnt by FindCoordinator and forgotten when the
/// broker says that it is not so any more.</summary>
internal sealed class CoordinatorTable(ClientMachine machine, ClientSettings settings)
{
    private const short FirstBatchedVersion = 4;
    private const short FirstTypedVersion = 1;

    private readonly Dictionary<(CoordinatorType Type, string Key), (int BrokerId, BrokerAddress Address)> _known = [];
    private readonly HashSet<(CoordinatorType Type, string Key)> _asked = [];

    public bool TryGet(CoordinatorType type, string key, out int brokerId, out BrokerAddress address)
    {
        bool isKnown = _known.TryGetValue((type, key), out var found);
        (brokerId, address) = found;
        return isKnown;
    }

    public void Forget(CoordinatorType type, string key) => _known.Remove((type, key));

    /// <summary>Asks, unless it is being asked already.</summary>
    public void Find(CoordinatorType type, string key, ClientTurn turn)
    {
        if (!_asked.Add((type, key))) return;
        ClientCall<FindCoordinatorRequest, FindCoordinatorResponse> call = new(
            CallTarget.Any,
            version => Request(type, key, version),
            (answer, now) => Take(type, key, answer, now),
            (error, now) =>
            {
                _asked.Remove((type, key));
                machine.Calls.FailCoordinatorCalls(type, key, error, now);
            })
        {
            From = type == CoordinatorType.Group ? (short)0 : FirstTypedVersion,
            Deadline = turn.Now + settings.ApiTimeout,
        };
        machine.Calls.Start(call, turn);
    }

    private static FindCoordinatorRequest Request(CoordinatorType type, string key, short version)
    {
        FindCoordinatorRequest request = new() { KeyType = (sbyte)type };
        if (version >= FirstBatchedVersion) request.CoordinatorKeys.Add(key);
        else request.Key = key;
        return request;
    }

    private CallOutcome Take(CoordinatorType type, string key, FindCoordinatorResponse answer, ClientTurn turn)
    {
        FindCoordinatorResponse.Coordinator found = answer.Coordinators.Count > 0
            ? answer.Coordinators[0]
            : new FindCoordinatorResponse.Coordinator
            {
                ErrorCode = answer.ErrorCode,
                ErrorMessage = answer.ErrorMessage,
                NodeId = answer.NodeId,
                Host = answer.Host,
                Port = answer.Port,
            };
        ErrorCode code = ErrorCodes.FromWire(found.ErrorCode);
        if (code == ErrorCode.None)
        {
            _asked.Remove((type, key));
            _known[(type, key)] = (found.NodeId, new BrokerAddress(found.Host, found.Port));
            machine.HasNews = true;
            return CallOutcome.Done;
        }

        if (code.IsRetriable()) return CallOutcome.Retry;
        _asked.Remove((type, key));
        ClientError error = ClientError.Of(code, found.ErrorMessage, $"the coordinator of {key} cannot be found");
        machine.Calls.FailCoordinatorCalls(type, key, error, turn);
        return CallOutcome.Done;
    }
}
