namespace Moldau.Shell;

/// <summary>Which of the two programs is asked.</summary>
internal enum ShellDoor
{
    /// <summary><c>moldau quorum shell</c>: values as JSON, and what Kafka's image leaves out.</summary>
    Moldau,

    /// <summary><c>kafka-metadata-shell</c>: Kafka's tree, as Kafka prints it.</summary>
    Kafka,
}
