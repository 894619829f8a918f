namespace Moldau.Sim;

/// <summary>Mistakes that the storage machine could make and does not (docs/reliability.md). They are made outside of it, by a
/// disk that lies, by a property, or by the world around it.</summary>
public enum StorageBug
{
    None,

    /// <summary>L11: acknowledges from the page cache where fsync is promised.</summary>
    AcknowledgesUnsynced,
}

internal static class StorageBugs
{
    public static bool Plants(this StorageBug bug) => bug > StorageBug.AcknowledgesUnsynced;
}
