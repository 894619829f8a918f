using System.Net.Sockets;

namespace Moldau.Client;

/// <summary>Sockets without a thread: whoever waits for an operation works the links until it has ended. A program that asks
/// a few things and ends, such as a command, is sooner done so: neither the thread pool nor the asynchronous code of
/// sockets, much of which cannot be compiled ahead, has to start. Nothing moves while nobody waits. Its links are not
/// encrypted.</summary>
/// <param name="options">How links are opened.</param>
/// <param name="door">A connection that is open already and where it leads, for the first link to there.</param>
internal sealed class CallerWorld(SocketOptions options, OpenConnection? door) : IClientWorld
{
    /// <summary>How long it waits for the network before it looks whether it was told to give up.</summary>
    private const int SliceMs = 50;

    /// <summary>Who waits works for all that wait: one thread at a time.</summary>
    private readonly Lock _working = new();

    /// <summary>Guards the links and jobs: effects come on the thread of who asks, which may be another one.</summary>
    private readonly Lock _lock = new();

    private readonly List<CallerLink> _links = [];
    private readonly Queue<ClientJob> _jobs = new();
    private OpenConnection? _door = door;

    public ILink NewLink(ClientDriver driver, long number, BrokerAddress address)
    {
        lock (_lock)
        {
            Socket? opened = null;
            if (_door is { } there && there.Address == address) (opened, _door) = (there.Socket, null);
            CallerLink link = new(driver, number, address, options, opened);
            _links.Add(link);
            return link;
        }
    }

    public void Run(ClientDriver driver, ClientJob job)
    {
        lock (_lock) _jobs.Enqueue(job);
    }

    public void Wait(ClientDriver driver, ValueTask ended, CancellationToken cancel)
    {
        lock (_working)
            while (!ended.IsCompleted && !cancel.IsCancellationRequested) Work(driver);
    }

    private void Work(ClientDriver driver)
    {
        while (NextJob() is { } job)
        {
            job.Run();
            driver.Post(ClientEvent.JobDone(job));
        }

        int waitMs = Math.Min(SliceMs, driver.MsToDeadline);
        if (waitMs == 0) driver.Post(ClientEvent.Deadline);
        CallerLink[] links;
        lock (_lock)
        {
            for (int i = _links.Count - 1; i >= 0; i--)
                if (_links[i].IsOver) _links.RemoveAt(i);
            links = _links.ToArray();
        }

        bool isMoved = false;
        foreach (CallerLink link in links) isMoved |= link.Begin();
        if (!isMoved) Await(links, waitMs);
        foreach (CallerLink link in links) link.Work();
    }

    /// <summary>Until something can be done on a link.</summary>
    private static void Await(CallerLink[] links, int waitMs)
    {
        if (links is [CallerLink only])
        {
            only.Await(waitMs);
            return;
        }

        List<Socket> readable = [];
        List<Socket> writable = [];
        foreach (CallerLink link in links) link.AddTo(readable, writable);
        if (readable.Count + writable.Count == 0) Idle.For(waitMs);
        else Socket.Select(readable, writable, new List<Socket>(writable), waitMs * 1000);
    }

    private ClientJob? NextJob()
    {
        lock (_lock) return _jobs.TryDequeue(out ClientJob? job) ? job : null;
    }
}

/// <summary>Waits where there is nothing to wait for but the time: all links are down, and the next attempt is not due.</summary>
internal static class Idle
{
    private static readonly object _nobody = new();

    public static void For(int waitMs)
    {
        lock (_nobody) Monitor.Wait(_nobody, waitMs);
    }
}

/// <summary>A connection to a broker that nobody has spoken on yet.</summary>
internal sealed record OpenConnection(BrokerAddress Address, Socket Socket);

/// <summary>The clock of a <see cref="CallerWorld"/>: its timers never fire, who waits looks at the deadline.</summary>
internal sealed class CallerTime : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new StillTimer();

    private sealed class StillTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
