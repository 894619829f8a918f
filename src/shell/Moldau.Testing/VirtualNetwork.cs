using Moldau.Client;
using Moldau.Sim;

namespace Moldau.Testing;

/// <summary>Between the clients and the virtual broker: opens their links and lets them fail on demand. All but
/// <see cref="NewLink"/> and <see cref="Run"/> happens on the world's thread.</summary>
internal sealed class VirtualNetwork(WorldThread world, SimNode node) : IClientWorld
{
    private readonly List<VirtualLink> _links = [];
    private readonly List<VirtualLink> _waiting = [];
    private readonly HashSet<ClientDriver> _cut = [];
    private bool _isCut;
    private bool _dropsAnswers;

    internal WorldThread World => world;

    public ILink NewLink(ClientDriver driver, long number, BrokerAddress address) =>
        new VirtualLink(this, driver, number, address);

    public void Run(ClientDriver driver, ClientJob job) => world.Post(_ =>
    {
        job.Run();
        driver.Post(ClientEvent.JobDone(job));
    });

    internal void Connect(VirtualLink link)
    {
        // Nobody answers: it waits until the network is whole, or its client has waited long enough.
        if (IsCut(link)) _waiting.Add(link);
        else link.Open(Open);
        if (link.Connection is not null) _links.Add(link);
    }

    internal void Opened(VirtualLink link)
    {
        if (link.Connection is { } connection) connection.IsCutToClient |= _dropsAnswers;
    }

    internal void Forget(VirtualLink link)
    {
        _links.Remove(link);
        _waiting.Remove(link);
    }

    /// <summary>For one client, or for all.</summary>
    internal void Cut(ClientDriver? client)
    {
        if (client is null) _isCut = true;
        else _cut.Add(client);
        foreach (VirtualLink link in _links)
            if (IsCut(link) && link.Connection is { } c) c.IsCutToServer = c.IsCutToClient = true;
    }

    internal void DropAnswers()
    {
        _dropsAnswers = true;
        foreach (VirtualLink link in _links)
            if (link.Connection is { } c) c.IsCutToClient = true;
    }

    internal void Break()
    {
        foreach (VirtualLink link in _links.ToArray())
            if (link.Connection is { } c) c.Network.Reset(c);
    }

    internal void Heal(SimWorld sim)
    {
        (_isCut, _dropsAnswers) = (false, false);
        _cut.Clear();
        sim.Network.Heal();
        VirtualLink[] waiting = [.. _waiting];
        _waiting.Clear();
        foreach (VirtualLink link in waiting) Connect(link);
    }

    private bool IsCut(VirtualLink link) => _isCut || _cut.Contains(link.Driver);

    private SimConnection Open(ISimPeer peer) => node.World.Network.Connect(peer, node, VirtualNode.Listener);
}
