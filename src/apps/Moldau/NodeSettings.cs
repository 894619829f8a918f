using System.Collections;
using Moldau.Config;

namespace Moldau;

/// <summary>A node's configuration out of file, environment and flags, with what is to be said about it.</summary>
internal sealed record NodeSettings(BrokerConfig Config, IReadOnlyDictionary<string, string> Properties, IReadOnlyList<string> Warnings)
{
    public static NodeSettings Resolve(Dictionary<string, string> file, Dictionary<string, string> flags, bool isStrict)
    {
        List<string> warnings = [];
        Dictionary<string, string> environment = EnvironmentSource.Read(Variables(), warnings);
        ConfigLayers layers = new(file, environment, flags);
        Dictionary<string, string> merged = layers.Merge();
        foreach (UnknownProperty unknown in NearestName.FindUnknown(merged.Keys))
        {
            string text = $"unknown property '{unknown.Name}', did you mean '{unknown.Nearest}'?";
            if (isStrict) throw new CommandException(text);
            warnings.Add(text);
        }

        List<string> errors = [];
        if (!BrokerConfig.TryBuild(layers, out BrokerConfig? config, errors, warnings) || config is null)
            throw new CommandException(string.Join("; ", errors));
        return new NodeSettings(config, merged, warnings);
    }

    private static Dictionary<string, string> Variables()
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        return variables;
    }
}
