namespace Moldau.Cli.Shims;

/// <summary>What <c>kafka-reassign-partitions.sh</c> tells with the exception that the original had: runbooks look for both.</summary>
internal sealed class ReassignFailedException(string type, string message) : Exception(message)
{
    private const string Package = "org.apache.kafka.tools.";

    /// <summary>The exception's class in Java.</summary>
    public string Type { get; } = type;

    /// <summary>What was asked for cannot be done.</summary>
    public static ReassignFailedException Command(string message) => new(Package + "AdminCommandFailedException", message);

    /// <summary>What was asked for is not understood.</summary>
    public static ReassignFailedException Operation(string message) => new(Package + "AdminOperationException", message);

    /// <summary>The cluster refused.</summary>
    public static ReassignFailedException Refused(string message) => new("java.util.concurrent.ExecutionException", message);
}
