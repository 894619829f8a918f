namespace Moldau.Client.Tests.Support;

/// <summary>How long a test waits for one thing before it says where it hung: longer than any machine is busy.</summary>
internal static class Patience
{
    private static readonly TimeSpan _most = TimeSpan.FromSeconds(90);

    /// <summary>A token that ends with the test, or when the patience does.</summary>
    public static CancellationToken Token
    {
        get
        {
            CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            source.CancelAfter(_most);
            return source.Token;
        }
    }
}
