using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using Moldau.Generators;

namespace Moldau.Protocol.Tests;

public sealed class GeneratorTests
{
    private const string Ping = """
        api 0 Ping on broker

        request 0-1 flexible 1+ {
            Name string
            Count int32 1+ = 5 ignorable
        }

        response 0-1 flexible 1+ {
            ErrorCode int16
        }
        """;

    private const string Pong = "data Pong 0 {\n    Value int64\n}\n";

    [Fact]
    public void UnrelatedEdit_LeavesEveryStageCached()
    {
        GeneratorDriver driver = Run(out Compilation compilation, ("Ping", Ping), ("Pong", Pong));
        compilation = compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Unrelated;"));
        GeneratorRunResult result = driver.RunGenerators(compilation).GetRunResult().Results.Single();
        string[] steps = [MessageGenerator.ParseStep, MessageGenerator.EntryStep, MessageGenerator.RegistryStep];
        foreach (string step in steps)
        {
            foreach (IncrementalStepRunReason reason in Reasons(result, step))
                Assert.True(reason is IncrementalStepRunReason.Cached, $"{step}: {reason}");
        }

        Assert.All(Outputs(result), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
    }

    [Fact]
    public void EditOfAComment_ParsesAgainButEmitsNothing()
    {
        GeneratorDriver driver = Run(out Compilation compilation, ("Ping", Ping), ("Pong", Pong));
        driver = driver.ReplaceAdditionalText(Text("Pong", Pong), Text("Pong", Pong + "# a remark\n"));
        GeneratorRunResult result = driver.RunGenerators(compilation).GetRunResult().Results.Single();
        Assert.Contains(IncrementalStepRunReason.Unchanged, Reasons(result, MessageGenerator.ParseStep));
        Assert.All(Outputs(result), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
    }

    [Fact]
    public void EditOfAField_LeavesTheRegistryAsItIs()
    {
        GeneratorDriver driver = Run(out Compilation compilation, ("Ping", Ping), ("Pong", Pong));
        driver = driver.ReplaceAdditionalText(Text("Pong", Pong),
            Text("Pong", Pong.Replace("Value", "Other", StringComparison.Ordinal)));
        GeneratorRunResult result = driver.RunGenerators(compilation).GetRunResult().Results.Single();
        Assert.Contains(IncrementalStepRunReason.Modified, Reasons(result, MessageGenerator.ParseStep));
        Assert.All(Reasons(result, MessageGenerator.RegistryStep),
            reason => Assert.NotEqual(IncrementalStepRunReason.Modified, reason));
    }

    [Theory]
    [InlineData("data A 0 {\n    Field text\n}", "MOLP001", 1, 10)]
    [InlineData("data A 0 {\n    field int8\n}", "MOLP001", 1, 4)]
    [InlineData("data A 0 {\n    Field int8", "MOLP001", 1, 14)]
    [InlineData("request 0 {\n}", "MOLP001", 0, 0)]
    [InlineData("data A 3-1 {\n}", "MOLP002", 0, 7)]
    [InlineData("data A 0 {\n    Field []Missing\n}", "MOLP003", 1, 4)]
    [InlineData("data A 0 {\n    Field int8\n    Field int8\n}", "MOLP004", 2, 4)]
    [InlineData("data A 0-1 flexible 1+ {\n    Field int8 tag 0\n}", "MOLP005", 1, 4)]
    [InlineData("data A 0 flexible 0+ {\n    X int8 tag 0\n    Y int8 tag 0\n}", "MOLP005", 2, 4)]
    [InlineData("data A 0 {\n    X []B {\n        Y B?\n    }\n}", "MOLP006", 1, 8)]
    public void Mistake_IsReportedAtItsPlace(string schema, string id, int line, int column)
    {
        GeneratorDriver driver = Run(out _, ("A", schema));
        Diagnostic diagnostic = Assert.Single(driver.GetRunResult().Diagnostics);
        Assert.Equal(id, diagnostic.Id);
        FileLinePositionSpan place = diagnostic.Location.GetLineSpan();
        Assert.Equal(("A.kmsg", line, column),
            (place.Path, place.StartLinePosition.Line, place.StartLinePosition.Character));
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
    }

    [Fact]
    public void ExampleInTheDocumentation_IsValid()
    {
        string example = SchemaCatalog.Text("kmsg.md").Split("```")[1];
        GeneratorDriver driver = Run(out _, ("Example", example));
        Assert.Empty(driver.GetRunResult().Diagnostics);
        Assert.Equal(2, driver.GetRunResult().GeneratedTrees.Length);
    }

    [Fact]
    public void EmittedCode_HasThePropertiesOfTheSchema()
    {
        GeneratorDriver driver = Run(out _, ("Ping", Ping));
        string source = driver.GetRunResult().GeneratedTrees
            .Single(t => t.FilePath.EndsWith("Ping.g.cs", StringComparison.Ordinal)).ToString();
        Assert.Contains("public sealed partial class PingRequest : IRequest, IMessage<PingRequest>", source,
            StringComparison.Ordinal);
        Assert.Contains("public int Count { get; set; } = 5;", source, StringComparison.Ordinal);
        Assert.Contains("if (version >= 1) m.Count = reader.ReadInt32();", source, StringComparison.Ordinal);
    }

    private static GeneratorDriver Run(out Compilation compilation, params (string Name, string Text)[] schemas)
    {
        compilation = CSharpCompilation.Create("Test", [CSharpSyntaxTree.ParseText("class Some;")]);
        GeneratorDriver driver = CSharpGeneratorDriver.Create(
            [new MessageGenerator().AsSourceGenerator()],
            schemas.Select(s => Text(s.Name, s.Text)),
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None,
                trackIncrementalGeneratorSteps: true));
        return driver.RunGenerators(compilation);
    }

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorRunResult result, string step) =>
        result.TrackedSteps[step].SelectMany(s => s.Outputs).Select(o => o.Reason);

    private static IEnumerable<IncrementalStepRunReason> Outputs(GeneratorRunResult result) =>
        result.TrackedOutputSteps.SelectMany(o => o.Value).SelectMany(s => s.Outputs).Select(o => o.Reason);

    private static readonly Dictionary<(string, string), AdditionalText> Known = [];

    /// <summary>The same object for the same text, as an editor hands it to the generator.</summary>
    private static AdditionalText Text(string name, string text)
    {
        lock (Known)
        {
            if (!Known.TryGetValue((name, text), out AdditionalText? known))
                Known[(name, text)] = known = new MemoryText(name + ".kmsg", text);
            return known;
        }
    }

    private sealed class MemoryText(string path, string text) : AdditionalText
    {
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }
}
