namespace Moldau.Client;

/// <summary>A part of the administration: the operations of one area, over the client's links.</summary>
public abstract class AdminArea
{
    private protected AdminArea(ClientDriver driver) => Driver = driver;

    private protected ClientDriver Driver { get; }

    /// <summary>Starts an operation of the machine and waits for its end.</summary>
    private protected Task<T> RunAsync<TState, T>(
        TState state, Func<ClientMachine, ClientTurn, TState, ClientOperation<T>> start, CancellationToken cancel) =>
        Driver.WaitAsync(state, start, cancel);

    /// <summary>Starts an operation that ends with why it was refused, or with null.</summary>
    private protected async Task RequireAsync<TState>(
        TState state, Func<ClientMachine, ClientTurn, TState, ClientOperation<ClientError?>> start, CancellationToken cancel) =>
        Require(await Driver.WaitAsync(state, start, cancel).ConfigureAwait(false));

    private protected static void Require(ClientError? error)
    {
        if (error is not null) throw new MoldauException(error);
    }
}
