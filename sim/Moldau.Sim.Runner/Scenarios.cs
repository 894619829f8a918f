namespace Moldau.Sim.Runner;

/// <summary>What the runner runs.</summary>
public static class Scenarios
{
    /// <summary>Nodes of the scenario's cluster, which its fault plan is drawn for.</summary>
    public const int Nodes = 1;

    public static Scenario For(ulong seed, PlantedBug bug = PlantedBug.None) => new KafkaScenario(seed, bug);
}
