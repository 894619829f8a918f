namespace Moldau.Runtime;

/// <summary>Why a node cannot start or be configured so, in one line that says what to do.</summary>
public sealed class NodeStartException(string message) : Exception(message);
