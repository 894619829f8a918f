using System.Collections;
using Moldau.Config;

namespace Moldau;

/// <summary>A node's configuration out of file, environment and flags, with what is to be said about it.</summary>
internal sealed record NodeSettings(BrokerConfig Config, IReadOnlyDictionary<string, string> Properties, IReadOnlyList<string> Warnings)
{
    /// <summary>What a new cluster is to be called, as Kafka's image is told; null: nobody said.</summary>
    public static string? NewClusterId => EnvironmentSource.ClusterId(Variables());

    /// <param name="file">The properties of the file, or the command's defaults.</param>
    /// <param name="flags">What was set on the command line.</param>
    /// <param name="isStrict">Names that nobody knows are errors, except in the environment, which belongs to others too.</param>
    public static NodeSettings Resolve(Dictionary<string, string> file, Dictionary<string, string> flags, bool isStrict)
    {
        Dictionary<string, string> variables = Variables();
        // What is wrong with a variable is said of the property that it sets.
        ConfigLayers layers = new(file, EnvironmentSource.Read(variables, []), flags);
        if (isStrict)
        {
            foreach (UnknownProperty unknown in NearestName.FindUnknown(file.Keys.Concat(flags.Keys)))
                throw new CommandException($"unknown property '{unknown.Name}', did you mean '{unknown.Nearest}'?");
        }

        List<string> warnings = [];
        IReadOnlyList<string> ignored = EnvironmentSource.IgnoredVariables(variables);
        if (ignored.Count > 0) warnings.Add($"Variables without effect here: {string.Join(", ", ignored)}.");
        List<string> errors = [];
        if (!BrokerConfig.TryBuild(layers, out BrokerConfig? config, errors, warnings) || config is null)
            throw new CommandException(string.Join("; ", errors.Select(WithProperty)));
        return new NodeSettings(config, layers.Merge(), warnings);
    }

    /// <summary>Kafka's text for a listener that cannot be read does not say which property holds it.</summary>
    private static string WithProperty(string error) =>
        error.StartsWith("Unable to parse a listener name", StringComparison.Ordinal) ? $"listeners: {error}" : error;

    private static Dictionary<string, string> Variables()
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        return variables;
    }
}
