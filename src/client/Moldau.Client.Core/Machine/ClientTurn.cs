using Moldau.Base;

namespace Moldau.Client;

/// <summary>One step under way: the time, and where effects go.</summary>
public sealed class ClientTurn
{
    internal ClientTurn(ClientMachine machine) => Machine = machine;

    public Instant Now { get; internal set; }

    public EffectList<ClientEffect> Effects { get; internal set; } = new();

    internal ClientMachine Machine { get; }
}
