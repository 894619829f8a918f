namespace Moldau.Fuzz;

/// <summary>A value that the code under test compared with a constant.</summary>
/// <param name="Seen">Of the input, perhaps.</param>
/// <param name="Wanted">The constant.</param>
public readonly record struct ComparedValue(long Seen, long Wanted);
