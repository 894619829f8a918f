using System.Text;
using Moldau.Config;

namespace Moldau.Cli.Profiles;

/// <summary>Profiles in the user's configuration folder: <c>profiles/NAME.properties</c>, what is secret in
/// <c>profiles/NAME.secrets</c>, which only its owner can read, and the name of the one in use in <c>profile</c>.</summary>
internal sealed class ProfileStore(string folder)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string Properties = ".properties";
    private const string Secrets = ".secrets";

    /// <summary>In <c>XDG_CONFIG_HOME</c>, else <c>~/.config</c>; on Windows in the roaming application data.</summary>
    public static ProfileStore Default { get; } = new(Path.Combine(ConfigHome(), "moldau"));

    /// <summary>The name of the profile in use; null where none is.</summary>
    public string? Current => File.Exists(CurrentFile) && File.ReadAllText(CurrentFile).Trim() is { Length: > 0 } name ? name : null;

    private string CurrentFile => Path.Combine(folder, "profile");

    private string ProfileFolder => Path.Combine(folder, "profiles");

    public IReadOnlyList<string> Names => !Directory.Exists(ProfileFolder)
        ? []
        : [.. Directory.EnumerateFiles(ProfileFolder, "*" + Properties)
            .Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    /// <summary>A profile with its secrets.</summary>
    /// <exception cref="CommandException">There is none of the name, or its file cannot be read.</exception>
    public Profile Require(string name)
    {
        Profile.CheckName(name);
        if (!File.Exists(PathOf(name, Properties)))
            throw new CommandException($"there is no profile '{name}'; {Profile.Hint(name, Names)}", ExitCodes.NotFound);
        Dictionary<string, string> values = Read(PathOf(name, Properties));
        if (File.Exists(PathOf(name, Secrets)))
            foreach ((string key, string value) in Read(PathOf(name, Secrets))) values[key] = value;
        return new Profile(name, values);
    }

    public bool Has(string name) => File.Exists(PathOf(name, Properties));

    public void Save(Profile profile)
    {
        Directory.CreateDirectory(ProfileFolder);
        Write(PathOf(profile.Name, Properties), profile.Values.Where(v => !Profile.IsSecret(v.Key)), isSecret: false);
        KeyValuePair<string, string>[] secrets = [.. profile.Values.Where(v => Profile.IsSecret(v.Key))];
        if (secrets.Length > 0) Write(PathOf(profile.Name, Secrets), secrets, isSecret: true);
        else File.Delete(PathOf(profile.Name, Secrets));
    }

    /// <summary>Makes a profile the one that counts where nothing else is said; null: none.</summary>
    public void Use(string? name)
    {
        if (name is null)
        {
            File.Delete(CurrentFile);
            return;
        }

        Directory.CreateDirectory(folder);
        File.WriteAllText(CurrentFile, name + "\n");
    }

    public void Remove(string name)
    {
        File.Delete(PathOf(name, Properties));
        File.Delete(PathOf(name, Secrets));
        if (Current == name) Use(null);
    }

    private static string ConfigHome()
    {
        if (OperatingSystem.IsWindows()) return Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData);
        if (Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } set && Path.IsPathRooted(set)) return set;
        return Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".config");
    }

    private static Dictionary<string, string> Read(string path)
    {
        try
        {
            return PropertiesFile.TryParse(File.ReadAllText(path), out Dictionary<string, string> values, out string? error)
                ? values
                : throw new CommandException($"{path}: {error}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot read {path}: {error.Message}");
        }
    }

    private static void Write(string path, IEnumerable<KeyValuePair<string, string>> values, bool isSecret)
    {
        StringBuilder text = new();
        foreach ((string name, string value) in values.OrderBy(v => v.Key, StringComparer.Ordinal))
            text.Append(name).Append('=').Append(Escaped(value)).Append('\n');
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        // Made with its mode, so that there is no moment at which others can read it.
        if (isSecret && !OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using StreamWriter writer = new(path, options);
        writer.Write(text);
        if (isSecret && !OperatingSystem.IsWindows()) File.SetUnixFileMode(path, OwnerOnly);
    }

    private static string Escaped(string value)
    {
        string text = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return text.StartsWith(' ') ? "\\" + text : text;
    }

    private string PathOf(string name, string suffix) => Path.Combine(ProfileFolder, name + suffix);
}
