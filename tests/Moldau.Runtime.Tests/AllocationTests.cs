using Moldau.Base;

namespace Moldau.Runtime.Tests;

public sealed class AllocationTests
{
    [Fact]
    public void SteadyState_AllocatesNothingOnTheReactorThread()
    {
        using TestNode node = new();
        using TestClient client = node.Connect();
        Reactor reactor = node.Host.Reactors.First();
        byte[][] asks =
        [
            TestClient.Frame(Ask.Echo, new byte[100]),
            TestClient.Frame(Ask.Produce, new byte[1000]),
            TestClient.FetchFrame(0, 1000),
        ];
        foreach (byte[] ask in asks)
        {
            for (int i = 0; i < 500; i++) client.Call(ask);
            long before = Settled(reactor, client);
            for (int i = 0; i < 2_000; i++) client.Call(ask);
            long allocated = Settled(reactor, client) - before;
            // A list that doubles once more is not garbage per request; one byte a request would show.
            Assert.InRange(allocated, 0, 1_999);
        }
    }

    /// <summary>The thread notes its total each time it is about to sleep: two round trips make sure that it
    /// did.</summary>
    private static long Settled(Reactor reactor, TestClient client)
    {
        client.Call(TestClient.Frame(Ask.Echo));
        client.Call(TestClient.Frame(Ask.Echo));
        return reactor.AllocatedBytes;
    }
}
