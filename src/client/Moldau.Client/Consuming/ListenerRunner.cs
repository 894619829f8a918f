namespace Moldau.Client;

/// <summary>Runs user code that the machine waits for.</summary>
internal interface IUserCallRunner
{
    /// <summary>Under the client's lock: it only queues.</summary>
    void Start(UserCall call, ClientDriver driver);

    /// <summary>Under the client's lock: the machine waits no longer.</summary>
    void GiveUp(UserCall call);
}

/// <summary>Brings a consumer's calls to its listener, on pool threads.</summary>
internal sealed class ListenerRunner(IConsumerListener listener) : IUserCallRunner
{
    private CancellationTokenSource? _cancel;

    public void Start(UserCall call, ClientDriver driver)
    {
        CancellationTokenSource cancel = new();
        _cancel = cancel;
        _ = Task.Run(() => RunAsync((ConsumerCall)call, driver, cancel.Token), CancellationToken.None);
    }

    public void GiveUp(UserCall call)
    {
        // Registrations are the user's code: they do not run under the client's lock.
        CancellationTokenSource? cancel = _cancel;
        if (cancel is not null) _ = cancel.CancelAsync();
    }

    private async Task RunAsync(ConsumerCall call, ClientDriver driver, CancellationToken cancel)
    {
        try
        {
            await (call.Kind switch
            {
                ConsumerCallKind.Assigned => listener.OnAssignedAsync(call.Partitions, cancel),
                ConsumerCallKind.Revoked => listener.OnRevokedAsync(call.Partitions, cancel),
                ConsumerCallKind.Lost => listener.OnLostAsync(call.Partitions, cancel),
                _ => listener.OnStalledAsync(call.IsStalled, cancel),
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The machine went on without it.
        }
        catch (Exception error)
        {
            call.Failure = $"{error.GetType().Name}: {error.Message}";
        }

        driver.Post(ClientEvent.UserDone(call));
    }
}
