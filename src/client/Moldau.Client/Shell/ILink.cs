namespace Moldau.Client;

/// <summary>One link of a client as its driver sees it. What happens to it is posted to the driver: opened, frames, closed.</summary>
internal interface ILink
{
    /// <summary>Over when nothing of it runs any more.</summary>
    Task Ended { get; }

    void Start();

    /// <summary>Takes a frame to send; true where <see cref="Flush"/> must follow. Called under the driver's lock.</summary>
    bool Enqueue(ClientFrame frame);

    /// <summary>Sends what waits. Called outside of the lock.</summary>
    void Flush();

    void Close();
}

/// <summary>The world around a client's machine: where links lead and where long work runs. The real one has sockets and
/// the thread pool; another one simulates both.</summary>
internal interface IClientWorld
{
    /// <summary>A link that is not started yet.</summary>
    ILink NewLink(ClientDriver driver, long number, BrokerAddress address);

    /// <summary>Runs the job elsewhere, not on the caller's stack, and then posts that it is done.</summary>
    void Run(ClientDriver driver, ClientJob job);

    /// <summary>Somebody is about to await this. A world in which nothing moves by itself lets it happen here.</summary>
    void Wait(ClientDriver driver, ValueTask ended, CancellationToken cancel)
    {
    }
}

/// <summary>Sockets and the thread pool.</summary>
internal sealed class SocketWorld(SocketOptions options) : IClientWorld
{
    public ILink NewLink(ClientDriver driver, long number, BrokerAddress address) =>
        new LinkSocket(driver, number, address, options);

    public void Run(ClientDriver driver, ClientJob job) =>
        ThreadPool.UnsafeQueueUserWorkItem((JobWork)(job.Work ??= new JobWork(driver, job)), preferLocal: false);

    private sealed class JobWork(ClientDriver driver, ClientJob job) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            job.Run();
            driver.Post(ClientEvent.JobDone(job));
        }
    }
}
