namespace Moldau.Client.Tests.Shell;

/// <summary>A wait that is used again has two sides, and is nobody's before both are through.</summary>
public sealed class UserWaitTests
{
    private int _freed;

    [Fact]
    public async Task Wait_IsFreeWhenBothSidesAreThrough()
    {
        UserWait<int> wait = New();
        wait.Begin(default);
        ValueTask<int> result = wait.Result;
        wait.Succeed(7);
        Assert.Equal(0, _freed);
        Assert.Equal(7, await result);
        Assert.Equal(1, _freed);
    }

    [Fact]
    public async Task Token_EndsTheUsersSideOnly()
    {
        UserWait<int> wait = New();
        using CancellationTokenSource stop = new();
        wait.Begin(stop.Token);
        ValueTask<int> result = wait.Result;
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await result);
        Assert.Equal(0, _freed);
        wait.Succeed(7);
        Assert.Equal(1, _freed);
    }

    [Fact]
    public async Task TokenOfAWaitThatIsOver_DoesNotEndTheNext()
    {
        UserWait<int> wait = New();
        using CancellationTokenSource stop = new();
        wait.Begin(stop.Token);
        ValueTask<int> first = wait.Result;
        wait.Succeed(1);
        Assert.Equal(1, await first);
        wait.Begin(default);
        ValueTask<int> second = wait.Result;
        await stop.CancelAsync();
        Assert.False(second.IsCompleted);
        wait.Succeed(2);
        Assert.Equal(2, await second);
    }

    [Fact]
    public async Task SecondAwaitOfAResult_FailsAndChangesNothing()
    {
        UserWait<int> wait = New();
        wait.Begin(default);
        ValueTask<int> result = wait.Result;
        ValueTask<int> again = result;
        wait.Succeed(1);
        Assert.Equal(1, await result);
        wait.Begin(default);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await again);
        ValueTask<int> next = wait.Result;
        Assert.Equal(1, _freed);
        wait.Succeed(2);
        Assert.Equal(2, await next);
    }

    [Fact]
    public void ForgottenWait_IsFreeWhenTheMachineEndsIt()
    {
        UserWait<int> wait = New();
        wait.Begin(default);
        wait.Forget();
        wait.Fail(new InvalidOperationException());
        Assert.Equal(1, _freed);
    }

    private UserWait<int> New() => new(() => _freed++);
}
