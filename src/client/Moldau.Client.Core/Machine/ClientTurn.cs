using Moldau.Base;

namespace Moldau.Client;

/// <summary>One step under way: the time, and where effects go.</summary>
public sealed class ClientTurn
{
    internal ClientTurn(ClientMachine machine) => Machine = machine;

    /// <summary>The time of the whole turn.</summary>
    public Instant Now { get; internal set; }

    /// <summary>What is to be done after it.</summary>
    public EffectList<ClientEffect> Effects { get; internal set; } = new();

    internal ClientMachine Machine { get; }
}
