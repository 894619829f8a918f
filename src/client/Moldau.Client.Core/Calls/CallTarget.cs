namespace Moldau.Client;

/// <summary>How the broker of a call is found.</summary>
public enum CallTargetKind
{
    /// <summary>Any broker that can be reached.</summary>
    Any,

    /// <summary>One broker by its id.</summary>
    Broker,

    /// <summary>The broker that speaks for the active controller.</summary>
    Controller,

    /// <summary>The coordinator of a key.</summary>
    Coordinator,
}

/// <summary>What a coordinator coordinates: the key types of FindCoordinator.</summary>
public enum CoordinatorType : sbyte
{
    /// <summary>Of a group.</summary>
    Group = 0,

    /// <summary>Of a transactional id.</summary>
    Transaction = 1,

    /// <summary>Of the state of a share partition.</summary>
    Share = 2,
}

/// <summary>To whom a call goes.</summary>
/// <param name="Kind">How the broker is found.</param>
/// <param name="BrokerId">Of <see cref="CallTargetKind.Broker"/>.</param>
/// <param name="Type">Of <see cref="CallTargetKind.Coordinator"/>.</param>
/// <param name="Key">The group or transactional id whose coordinator it is.</param>
/// <param name="Lane">Calls of one lane share a link and are answered in their order. Lane 0 is everybody's; what may
/// wait long at the broker (a fetch, a join) has a lane of its own.</param>
public readonly record struct CallTarget(
    CallTargetKind Kind, int BrokerId = -1, CoordinatorType Type = CoordinatorType.Group, string Key = "", int Lane = 0)
{
    /// <summary>Any broker that can be reached.</summary>
    public static CallTarget Any => new(CallTargetKind.Any);

    /// <summary>The broker that speaks for the active controller.</summary>
    public static CallTarget Controller => new(CallTargetKind.Controller);

    /// <summary>One broker, in a lane.</summary>
    public static CallTarget Broker(int id, int lane = 0) => new(CallTargetKind.Broker, id, Lane: lane);

    /// <summary>The coordinator of a key, in a lane.</summary>
    public static CallTarget Coordinator(CoordinatorType type, string key, int lane = 0) =>
        new(CallTargetKind.Coordinator, Type: type, Key: key, Lane: lane);
}
