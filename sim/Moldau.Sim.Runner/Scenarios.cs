namespace Moldau.Sim.Runner;

/// <summary>What the runner runs.</summary>
public static class Scenarios
{
    public static Scenario For(ulong seed, PlantedBug bug = PlantedBug.None) => new KafkaScenario(seed, bug);
}
