using Moldau.Broker;

namespace Moldau.Runtime;

/// <summary>Why a node ended.</summary>
/// <param name="IsClean">All machines finished as they were asked to.</param>
/// <param name="Machine">The machine that ended it otherwise.</param>
/// <param name="Reason">One line for the operator, null after a clean end.</param>
/// <param name="Bug">The exception, if a bug ended it.</param>
public sealed record NodeEnd(bool IsClean, MachineId Machine, string? Reason, Exception? Bug);
