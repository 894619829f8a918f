using System.Net.Sockets;
using System.Net;
using Moldau.Transport;

namespace Moldau.Runtime.Tests;

/// <summary>Limits of connections by Kafka's rules, over real sockets.</summary>
public sealed class LinuxConnectionQuotaTests() : ConnectionQuotaTests(SocketTransport.Linux);

public sealed class PortableConnectionQuotaTests() : ConnectionQuotaTests(SocketTransport.Portable);

/// <summary>On every transport.</summary>
public abstract class ConnectionQuotaTests(SocketTransport transport)
{
    private const int Plaintext = 0;
    private const int Inside = 1;

    private static readonly ReactorLimits _impatient = new() { AcceptPauseMs = 5 };

    [Fact]
    public void Listener_AtItsOwnLimit_LetsTheNextOneWait()
    {
        ConnectionQuotas quotas = new() { Listeners = Only("PLAINTEXT", new(MaxConnections: 1)) };
        using TestNode node = new(quotas: quotas, limits: _impatient, hasSecondListener: true, transport: transport);
        TestClient holder = node.Connect();
        AssertServed(holder);
        using TestClient waiting = node.Connect();
        waiting.Send(TestClient.Frame(Ask.Echo, 9));
        Assert.False(waiting.Socket.Poll(100_000, SelectMode.SelectRead));
        using TestClient elsewhere = node.Connect(Inside);
        AssertServed(elsewhere);
        holder.Dispose();
        Assert.Equal(9, waiting.Receive()[1]);
    }

    [Fact]
    public void ProtectedListener_IsServedWhenTheNodeIsFull_AndTheLeastRecentOfTheOthersGoes()
    {
        ConnectionQuotas quotas = new() { MaxConnections = 2, ProtectedListener = "INSIDE" };
        using TestNode node = new(quotas: quotas, limits: _impatient, hasSecondListener: true, transport: transport);
        using TestClient older = node.Connect();
        AssertServed(older);
        using TestClient newer = node.Connect();
        AssertServed(newer);
        AssertServed(older);
        using TestClient broker = node.Connect(Inside);
        AssertServed(broker);
        Assert.True(newer.IsHungUpOn());
        AssertServed(older);
        using TestClient late = node.Connect();
        late.Send(TestClient.Frame(Ask.Echo, 7));
        Assert.False(late.Socket.Poll(100_000, SelectMode.SelectRead));
        broker.Dispose();
        Assert.Equal(7, late.Receive()[1]);
    }

    [Fact]
    public void LowerLimit_ClosesWhatIsTooMany_AndAHigherOneLetsWaitersIn()
    {
        using TestNode node = new(limits: new() { AcceptPauseMs = 60_000 }, transport: transport);
        using TestClient first = node.Connect();
        AssertServed(first);
        using TestClient second = node.Connect();
        AssertServed(second);
        node.Host.SetQuotas(new() { MaxConnections = 1 });
        Assert.True(first.IsHungUpOn());
        AssertServed(second);
        using TestClient waiting = node.Connect();
        waiting.Send(TestClient.Frame(Ask.Echo, 5));
        Assert.False(waiting.Socket.Poll(100_000, SelectMode.SelectRead));
        node.Host.SetQuotas(new() { MaxConnections = 2 });
        Assert.Equal(5, waiting.Receive()[1]);
    }

    [Fact]
    public void AddressLimits_ChangeWhileTheNodeRuns()
    {
        using TestNode node = new(quotas: new() { MaxPerAddress = 1 }, transport: transport);
        using TestClient first = node.Connect();
        AssertServed(first);
        using (TestClient refused = node.Connect()) Assert.True(refused.IsHungUpOn());
        node.Host.SetQuotas(new() { MaxPerAddress = 1, PerAddress = new Dictionary<IPAddress, int> { [IPAddress.Loopback] = 2 } });
        using TestClient second = node.Connect();
        AssertServed(second);
        using TestClient third = node.Connect();
        Assert.True(third.IsHungUpOn());
    }

    [Fact]
    public void ControllerListener_HasLimitsOfItsOwn()
    {
        using TestNode node = new(quotas: new() { MaxConnections = 1 }, limits: _impatient, withControl: true, transport: transport);
        using TestClient client = node.Connect();
        AssertServed(client);
        using TestClient controller = node.Connect(1);
        AssertServed(controller);
    }

    [Fact]
    public void CreationRate_ServesABurst_AndLetsTheRestWait()
    {
        // Two samples of an hour at one connection a second: a burst of 3600, then rests of up to an hour. So small a
        // rate that the third has to wait, whatever the machine's speed.
        const long HourNs = 3_600_000_000_000;
        ConnectionQuotas slow = new() { CreationRate = 1, RateSamples = 2, RateSampleNs = HourNs };
        CreationRate rate = new(slow.RateSamples, slow.RateSampleNs);
        for (int i = 0; i < 3600; i++) Assert.Equal(0, rate.Record(1, 0));
        Assert.Equal(1_000_000_000, rate.Record(1, 0));
        Assert.Equal(0, rate.Record(2, 0));

        using TestNode node = new(quotas: new() { RateSamples = 2, RateSampleNs = HourNs }, transport: transport);
        node.Host.SetQuotas(new() { Listeners = Only("PLAINTEXT", new(CreationRate: 0)) });
        using TestClient last = node.Connect();
        AssertServed(last);
        using TestClient waiting = node.Connect();
        waiting.Send(TestClient.Frame(Ask.Echo, 3));
        Assert.False(waiting.Socket.Poll(100_000, SelectMode.SelectRead));
        node.Host.SetQuotas(new());
        Assert.Equal(3, waiting.Receive()[1]);
    }

    [Fact]
    public void CreationRate_IsReckonedOverItsSamples()
    {
        const long SecondNs = 1_000_000_000;
        CreationRate rate = new(samples: 11, SecondNs);
        // Ten a second for eleven samples of a second: a hundred at once, then none for a while.
        for (int i = 0; i < 100; i++) Assert.Equal(0, rate.Record(10, 0));
        Assert.Equal(100_000_000, rate.Record(10, 0));
        Assert.Equal(10, rate.At(0) - 0.1, 6);
        // Beyond a sample's length nothing rests.
        for (int i = 0; i < 100; i++) rate.Record(10, 0);
        Assert.Equal(SecondNs, rate.Record(10, 0));
        // Eleven seconds later what was is forgotten.
        Assert.Equal(0, rate.Record(10, 12 * SecondNs));
    }

    private static Dictionary<string, ListenerQuota> Only(string name, ListenerQuota quota) => new() { [name] = quota };

    private static void AssertServed(TestClient client) => Assert.Equal(2, client.Call(TestClient.Frame(Ask.Echo, 1)).Length);
}
