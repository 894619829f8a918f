using Moldau.Conformance.Tests.Differential.Scenarios;

namespace Moldau.Conformance.Tests.Differential;

internal static class AllScenarios
{
    public static IReadOnlyDictionary<string, Scenario> Table { get; } = new[]
    {
        ApiVersionsScenarios.All(), MetadataScenarios.All(), TopicScenarios.All(), ProduceScenarios.All(),
        FetchScenarios.All(), GroupScenarios.All(), ConfigScenarios.All(), FrameScenarios.All(),
        QuorumScenarios.All(), LifecycleScenarios.All(), GroupRuleScenarios.All(),
    }.SelectMany(list => list).ToDictionary(scenario => scenario.Name);
}
