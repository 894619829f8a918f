namespace Moldau.Client;

/// <summary>What became of one item of a request that names several: its result, or why there is none.</summary>
/// <param name="Value">Only where <paramref name="Error"/> is null.</param>
/// <param name="Error">Null after success.</param>
public readonly record struct Outcome<T>(T? Value, ClientError? Error)
{
    /// <summary>True where there is a result.</summary>
    public bool IsSuccess => Error is null;

    /// <summary>A result.</summary>
    public static Outcome<T> Of(T value) => new(value, null);

    /// <summary>An error.</summary>
    public static Outcome<T> Failed(ClientError error) => new(default, error);
}
