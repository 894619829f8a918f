namespace Moldau.Conformance.Tests.Differential;

/// <summary>
/// A short conversation with a node, held once for each version of the API that it is about. What the node answers is
/// recorded; two nodes behave alike when their records are equal.
/// </summary>
/// <param name="Name">Lower case words with hyphens, unique; also the start of the names of topics it makes.</param>
/// <param name="Api">The API whose versions are gone through.</param>
/// <param name="Versions">The versions, first and last.</param>
internal sealed record Scenario(string Name, string Api, (int First, int Last) Versions, Action<ScenarioRun> Talk)
{
    /// <summary>True for a conversation with the controller listener.</summary>
    public bool IsOnController { get; init; }
}
