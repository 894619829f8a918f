using System.Reflection;
using System.Runtime.Loader;

namespace Moldau.Fuzz;

/// <summary>Loads the product rewritten, and the fuzzer itself once more beside it, so that both see the same types.</summary>
internal sealed class RewrittenContext : AssemblyLoadContext
{
    /// <summary>Not rewritten: the simulated world and what makes messages at build time are not under test.</summary>
    private static readonly HashSet<string> AsTheyAre = ["Moldau.Sim", "Moldau.Generators"];

    private readonly string _folder = Path.GetDirectoryName(typeof(RewrittenContext).Assembly.Location)!; // it lies in a file
    private readonly Dictionary<string, int> _constants = new(StringComparer.Ordinal);
    private readonly HashSet<string> _words = new(StringComparer.Ordinal);
    private readonly Rewriter _rewriter;

    private RewrittenContext()
        : base("rewritten") => _rewriter = new Rewriter(_constants, _words);

    /// <summary>A context with all of the product in it, never run before.</summary>
    public static RewrittenContext Create()
    {
        RewrittenContext context = new();
        Assembly self = context.LoadFromAssemblyName(typeof(RewrittenContext).Assembly.GetName());
        // All of it before the first execution, so that the map and the dictionary do not depend on what is called first.
        foreach (string path in Directory.GetFiles(context._folder, "Moldau*.dll").Order(StringComparer.Ordinal))
            if (context.IsOurs(Path.GetFileNameWithoutExtension(path)))
                context.LoadFromAssemblyName(new AssemblyName(Path.GetFileNameWithoutExtension(path)));
        Type dictionary = self.GetType(typeof(Dictionary).FullName!, throwOnError: true)!;
        dictionary.GetMethod(nameof(Dictionary.Learn))!.Invoke(null,
            [context._constants.Values.Order().ToArray(), context._words.Order(StringComparer.Ordinal).ToArray()]);
        self.GetType(typeof(EdgeMap).FullName!, throwOnError: true)!.GetProperty(nameof(EdgeMap.Used))!.SetValue(null,
            context._rewriter.Places);
        return context;
    }

    /// <summary>Runs the fuzzer on rewritten code; the result is its exit code.</summary>
    public int Run(string[] args, TextWriter output)
    {
        Assembly self = LoadFromAssemblyName(typeof(RewrittenContext).Assembly.GetName());
        Type command = self.GetType(typeof(FuzzCommand).FullName!, throwOnError: true)!;
        return (int)command.GetMethod(nameof(FuzzCommand.Run))!.Invoke(null, [args, output])!;
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string name = assemblyName.Name ?? "";
        if (!IsOurs(name)) return null;
        string path = Path.Combine(_folder, name + ".dll");
        if (AsTheyAre.Contains(name)) return LoadFromAssemblyPath(path);
        // Of the fuzzer itself only the toys count.
        bool isSelf = name == typeof(RewrittenContext).Assembly.GetName().Name;
        byte[] bytes = _rewriter.Rewrite(path, type => !isSelf || type.StartsWith("Moldau.Fuzz.Toys.", StringComparison.Ordinal));
        using MemoryStream stream = new(bytes);
        return LoadFromStream(stream);
    }

    private bool IsOurs(string name) =>
        name.StartsWith("Moldau.", StringComparison.Ordinal) && !name.EndsWith(".Tests", StringComparison.Ordinal)
        && File.Exists(Path.Combine(_folder, name + ".dll"));
}
