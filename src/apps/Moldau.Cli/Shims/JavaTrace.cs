using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary>A failure that the script prints as an exception of the JVM, with its class.</summary>
internal sealed class JavaFailureException(string type, string message, string? cause = null) : Exception(message)
{
    public string Type { get; } = type;

    /// <summary>Class and message of what it came from.</summary>
    public string? Cause { get; } = cause;
}

/// <summary>Exceptions as the scripts print them, without the lines that say where in the JVM they came from.</summary>
internal static class JavaTrace
{
    /// <summary>The message and the trace.</summary>
    public static void Write(TextWriter output, string prefix, JavaFailureException failure)
    {
        output.WriteLine(prefix + failure.Message);
        WriteTrace(output, failure);
    }

    /// <summary>The trace alone.</summary>
    public static void WriteTrace(TextWriter output, JavaFailureException failure)
    {
        output.WriteLine($"{failure.Type}: {failure.Message}");
        if (failure.Cause is { } cause) output.WriteLine("Caused by: " + cause);
        output.WriteLine();
    }

    /// <summary>What a broker refused, as Java's futures wrap it.</summary>
    public static JavaFailureException Wrap(MoldauException error)
    {
        JavaFailureException bare = Bare(error);
        string text = $"{bare.Type}: {bare.Message}";
        return new JavaFailureException("java.util.concurrent.ExecutionException", text, text);
    }

    /// <summary>What a broker refused.</summary>
    public static JavaFailureException Bare(MoldauException error) =>
        new(ShimErrors.ClassOf(error.Error), ShimErrors.TextOf(new ClientError(error.Error, error.Message)));

    /// <summary>The only value of an option; null where it is not given.</summary>
    /// <exception cref="JavaFailureException">It is given twice.</exception>
    public static string? Single(ShimArguments arguments, string option) => arguments.Values(option) switch
    {
        [] => null,
        [{ } one] => one,
        _ => throw new JavaFailureException(
            "joptsimple.MultipleArgumentsForOptionException", $"Found multiple arguments for option {option}, but you asked for only one"),
    };

    /// <summary>Adds the properties of a file.</summary>
    /// <exception cref="JavaFailureException">There is none.</exception>
    public static void AddPropertiesFile(ShimContext context, string file)
    {
        if (!File.Exists(file)) throw new JavaFailureException("java.nio.file.NoSuchFileException", file);
        context.AddPropertiesFile(file);
    }

    /// <summary>An address is looked at before much else is.</summary>
    /// <exception cref="JavaFailureException">It is none.</exception>
    public static void CheckAddress(string address)
    {
        try
        {
            BrokerAddresses.Parse(address);
        }
        catch (FormatException)
        {
            throw new JavaFailureException(
                "org.apache.kafka.common.KafkaException", "Failed to create new KafkaAdminClient",
                $"org.apache.kafka.common.config.ConfigException: Invalid url in bootstrap.servers: {address}");
        }
    }

    /// <summary>Somebody of the form <c>User:anna</c>.</summary>
    /// <exception cref="JavaFailureException">It is not of that form.</exception>
    public static Principal Principal(string text)
    {
        int colon = text.IndexOf(':');
        return colon >= 0
            ? new Principal(text[..colon], text[(colon + 1)..])
            : throw new JavaFailureException(
                "java.lang.IllegalArgumentException", $"expected a string in format principalType:principalName but got {text}");
    }
}
