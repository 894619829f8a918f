using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using Moldau.Generators.Emit;
using Moldau.Generators.Schema;

namespace Moldau.Generators;

/// <summary>Turns the project's <c>.kmsg</c> files into messages. The stages hold plain models that compare by content:
/// text → <see cref="FileModel"/> → source of the file, and all files → <see cref="FileEntry"/> → the
/// registry.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class MessageGenerator : IIncrementalGenerator
{
    public const string ParseStep = "ParseSchema";
    public const string EntryStep = "RegistryEntry";
    public const string RegistryStep = "Registry";

    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<FileModel> files = context.AdditionalTextsProvider
            .Where(text => text.Path.EndsWith(".kmsg", StringComparison.Ordinal))
            .Select((text, cancel) => SchemaParser.Parse(text.Path, text.GetText(cancel)?.ToString() ?? ""))
            .WithTrackingName(ParseStep);
        IncrementalValueProvider<EquatableArray<FileEntry>> entries = files
            .Where(file => file.Problems.Count == 0)
            .Select((file, _) => FileEntry.From(file))
            .WithTrackingName(EntryStep)
            .Collect()
            .Select((all, _) => new EquatableArray<FileEntry>(all))
            .WithTrackingName(RegistryStep);

        context.RegisterSourceOutput(files, EmitFile);
        context.RegisterSourceOutput(entries, (output, all) =>
        {
            if (all.Count > 0) output.AddSource("Messages.g.cs", RegistryEmitter.Emit(all));
        });
    }

    private static void EmitFile(SourceProductionContext output, FileModel file)
    {
        foreach (ProblemModel problem in file.Problems)
        {
            var start = new LinePosition(problem.Position.Line, problem.Position.Column);
            Location place = Location.Create(file.Path, default, new LinePositionSpan(start, start));
            output.ReportDiagnostic(Diagnostic.Create(Descriptor(problem.Id), place, problem.Text));
        }

        if (file.Problems.Count == 0 && file.Messages.Count > 0)
            output.AddSource(Path.GetFileNameWithoutExtension(file.Path) + ".g.cs", MessageEmitter.Emit(file));
    }

    private static DiagnosticDescriptor Descriptor(string id) => new(
        id, "Message schema", "{0}", "Moldau.Protocol", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
