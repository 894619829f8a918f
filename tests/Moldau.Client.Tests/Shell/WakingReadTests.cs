using System.Threading.Tasks.Sources;
using Moldau.Client.Tests.Support;

namespace Moldau.Client.Tests.Shell;

/// <summary>A reader goes on, on the thread that received its records, and never stands in the way of what the link brings
/// next.</summary>
public sealed class WakingReadTests
{
    private readonly IdlePool<OperationWait> _pool = new(4);
    private readonly List<OperationWait> _woken = [];

    [Fact]
    public async Task ReaderThatBlocks_DoesNotStopTheLink()
    {
        using ManualResetEventSlim mayGoOn = new();
        TaskCompletionSource isBlocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<int> received = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<int> read = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task reader = ReadAsync(Waiting(), () =>
        {
            isBlocked.SetResult();
            Assert.True(mayGoOn.Wait(TimeSpan.FromSeconds(60), Patience.Token));
        });
        Task link = Task.Run(async () => received.SetResult(await new WakingRead(new ValueTask<int>(read.Task), _woken)), Patience.Token);

        // The reader's code blocks the thread that waited for the link; what comes then is taken all the same.
        await isBlocked.Task.WaitAsync(Patience.Token);
        read.SetResult(7);
        Assert.Equal(7, await received.Task.WaitAsync(Patience.Token));
        Assert.False(reader.IsCompleted);
        mayGoOn.Set();
        await reader.WaitAsync(Patience.Token);
        await link.WaitAsync(Patience.Token);
    }

    [Fact]
    public async Task ReaderGoesOn_OnTheThreadThatWaitsForTheLink()
    {
        int readerThread = 0;
        Task reader = ReadAsync(Waiting(), () => readerThread = Environment.CurrentManagedThreadId);
        NeverSource never = new();
        int linkThread = 0;
        Thread thread = new(() =>
        {
            linkThread = Environment.CurrentManagedThreadId;
            _ = LinkAsync();
        });
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromSeconds(60)));
        await reader.WaitAsync(Patience.Token);
        Assert.Equal(linkThread, readerThread);
        Assert.True(never.IsWaitedFor);
        Assert.Empty(_woken);

        async Task LinkAsync() => await new WakingRead(new ValueTask<int>(never, 0), _woken);
    }

    [Fact]
    public async Task ReadersGoOnElsewhere_WhereTheLinkHasMoreAtOnce()
    {
        Task reader = ReadAsync(Waiting(), () => { });
        Assert.Equal(5, await new WakingRead(new ValueTask<int>(5), _woken));
        await reader.WaitAsync(Patience.Token);
        Assert.Empty(_woken);
    }

    [Fact]
    public async Task SeveralReaders_DoNotWaitForOneAnother()
    {
        using ManualResetEventSlim mayGoOn = new();
        int running = 0;
        Task[] readers = [.. Enumerable.Range(0, 3).Select(_ => ReadAsync(Waiting(), () =>
        {
            if (Interlocked.Increment(ref running) == 3) mayGoOn.Set();
            Assert.True(mayGoOn.Wait(TimeSpan.FromSeconds(60), Patience.Token));
        }))];
        Task link = Task.Run(async () => await new WakingRead(new ValueTask<int>(new NeverSource(), 0), _woken), Patience.Token);
        await Task.WhenAll(readers).WaitAsync(Patience.Token);
        Assert.False(link.IsCompleted);
    }

    /// <summary>A wait whose operation has just ended, to be released with the next read.</summary>
    private OperationWait Waiting()
    {
        ClientOperation<bool> operation = new();
        OperationWait wait = OperationWait.For(operation, _pool, default);
        wait.Hold(operation);
        _woken.Add(wait);
        return wait;
    }

    private static async Task ReadAsync(OperationWait wait, Action then)
    {
        await wait.End.ConfigureAwait(false);
        then();
    }

    /// <summary>A link that brings nothing.</summary>
    private sealed class NeverSource : IValueTaskSource<int>
    {
        public bool IsWaitedFor { get; private set; }

        public int GetResult(short token) => throw new InvalidOperationException("nothing came");

        public ValueTaskSourceStatus GetStatus(short token) => ValueTaskSourceStatus.Pending;

        public void OnCompleted(
            Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => IsWaitedFor = true;
    }
}
