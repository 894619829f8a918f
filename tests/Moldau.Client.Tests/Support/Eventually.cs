namespace Moldau.Client.Tests.Support;

/// <summary>Waits for what a cluster does in its own time.</summary>
internal static class Eventually
{
    private const int MostTries = 600;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    public static async Task UntilAsync(Func<Task<bool>> condition, string what = "it")
    {
        for (int i = 0; i < MostTries; i++)
        {
            if (await condition()) return;
            await Task.Delay(_pause, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"waited 30 s in vain for {what}");
    }
}
