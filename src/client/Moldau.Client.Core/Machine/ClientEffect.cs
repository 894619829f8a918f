namespace Moldau.Client;

/// <summary>What an effect asks for.</summary>
public enum ClientEffectKind
{
    /// <summary>Open a link to an address.</summary>
    Open,

    /// <summary>Send a frame on a link, after all that was sent before. The receiver of the effect releases it.</summary>
    Send,

    /// <summary>Close a link; nothing is heard of it any more.</summary>
    Close,

    /// <summary>Run a job elsewhere and come back with <see cref="ClientEventKind.JobDone"/>.</summary>
    Run,

    /// <summary>Get a token for the brokers (<see cref="TokenJob"/>) and come back with
    /// <see cref="ClientEventKind.JobDone"/>.</summary>
    GetToken,

    /// <summary>Somebody's wait is over: the operation has its result or its error.</summary>
    Complete,

    /// <summary>Run code of the user and come back with <see cref="ClientEventKind.UserDone"/>.</summary>
    CallUser,

    /// <summary>The machine goes on without the user's code: it is told by its token.</summary>
    GiveUpUser,
}

/// <summary>What a client wants done.</summary>
public readonly record struct ClientEffect(
    ClientEffectKind Kind,
    long Link = 0,
    BrokerAddress Address = default,
    ClientFrame? Frame = null,
    ClientJob? Job = null,
    ClientOperation? Operation = null,
    UserCall? Call = null)
{
    /// <summary>A link is to be opened.</summary>
    public static ClientEffect Open(long link, BrokerAddress address) => new(ClientEffectKind.Open, link, address);

    /// <summary>A frame is to be sent; its sender releases it.</summary>
    public static ClientEffect Send(long link, ClientFrame frame) => new(ClientEffectKind.Send, link, Frame: frame);

    /// <summary>A link is to be closed.</summary>
    public static ClientEffect Close(long link) => new(ClientEffectKind.Close, link);

    /// <summary>A job is to run elsewhere.</summary>
    public static ClientEffect Run(ClientJob job) => new(ClientEffectKind.Run, Job: job);

    /// <summary>A token is to be got.</summary>
    public static ClientEffect GetToken(TokenJob job) => new(ClientEffectKind.GetToken, Job: job);

    /// <summary>Who waits for an operation is to be told.</summary>
    public static ClientEffect Complete(ClientOperation operation) =>
        new(ClientEffectKind.Complete, Operation: operation);

    /// <summary>The user's code is to be called.</summary>
    public static ClientEffect CallUser(UserCall call) => new(ClientEffectKind.CallUser, Call: call);

    /// <summary>The machine waits for the user's code no longer.</summary>
    public static ClientEffect GiveUpUser(UserCall call) => new(ClientEffectKind.GiveUpUser, Call: call);
}

/// <summary>Where a broker listens.</summary>
public readonly record struct BrokerAddress(string Host, int Port)
{
    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
