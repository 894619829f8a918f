using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Moldau.Generators.Analysis;

namespace Moldau.Protocol.Tests;

public sealed class AnalyzerTests
{
    private const string Offender = """
        using System.Threading.Tasks;
        class Machine
        {
            private volatile int _shared;
            private static int s_count;
            private static readonly int s_limit = 5;
            private const int Most = 3;
            public static int Setting { get; set; }
            public static int Limit { get; } = s_limit + Most;
            async Task Run() { await Task.Yield(); }
            int Step() { lock (this) { return _shared + s_count; } }
        }
        """;

    [Theory]
    [InlineData("core", "MOL0001 10, MOL0002 9, MOL0002 9, MOL0003 3, MOL0004 4, MOL0004 7")]
    [InlineData("foundation", "MOL0001 10, MOL0002 9, MOL0002 9, MOL0003 3, MOL0004 4, MOL0004 7")]
    [InlineData("shell", "")]
    [InlineData(null, "")]
    public async Task Rules_HoldInCoreAndFoundationOnly(string? layer, string expected)
    {
        MetadataReference[] references = [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)];
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary);
        Compilation compilation = CSharpCompilation
            .Create("T", [CSharpSyntaxTree.ParseText(Offender)], references, options);
        Assert.Empty(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error));
        CompilationWithAnalyzers analysis = compilation.WithAnalyzers(
            [new DeterminismAnalyzer()], new AnalyzerOptions([], new LayerOptions(layer)));
        ImmutableArray<Diagnostic> found = await analysis.GetAnalyzerDiagnosticsAsync();
        IEnumerable<string> lines = found.Select(d => $"{d.Id} {d.Location.GetLineSpan().StartLinePosition.Line}")
            .Order();
        Assert.Equal(expected, string.Join(", ", lines));
    }

    private sealed class LayerOptions(string? layer) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Global(layer);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;

        private sealed class Global(string? layer) : AnalyzerConfigOptions
        {
            public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
            {
                value = key == "build_property.MoldauLayer" ? layer : null;
                return value is not null;
            }
        }
    }
}
