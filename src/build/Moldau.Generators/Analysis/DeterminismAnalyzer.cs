using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Moldau.Generators.Analysis;

/// <summary>Keeps what a list of banned symbols cannot name out of core and foundation: the same events must always
/// give the same effects there, on whatever thread. The layer comes from the build property <c>MoldauLayer</c>.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class DeterminismAnalyzer : DiagnosticAnalyzer
{
    public static readonly DiagnosticDescriptor Lock = Rule("MOL0001", "core has no locks: one owner per object");
    public static readonly DiagnosticDescriptor Async =
        Rule("MOL0002", "core has no tasks: state lives in the machine");
    public static readonly DiagnosticDescriptor Volatile = Rule("MOL0003", "core shares no fields between threads");
    public static readonly DiagnosticDescriptor MutableStatic =
        Rule("MOL0004", "'{0}' is static and can change: state belongs to a machine");

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        ImmutableArray.Create(Lock, Async, Volatile, MutableStatic);

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            AnalyzerConfigOptions options = start.Options.AnalyzerConfigOptionsProvider.GlobalOptions;
            options.TryGetValue("build_property.MoldauLayer", out string? layer);
            if (layer is not ("core" or "foundation")) return;
            start.RegisterSyntaxNodeAction(c => Report(c, Lock), SyntaxKind.LockStatement);
            start.RegisterSyntaxNodeAction(c => Report(c, Async), SyntaxKind.AwaitExpression);
            start.RegisterSyntaxNodeAction(
                Modifiers, SyntaxKind.MethodDeclaration, SyntaxKind.LocalFunctionStatement,
                SyntaxKind.SimpleLambdaExpression, SyntaxKind.ParenthesizedLambdaExpression,
                SyntaxKind.AnonymousMethodExpression);
            start.RegisterSymbolAction(Field, SymbolKind.Field);
            start.RegisterSymbolAction(Property, SymbolKind.Property);
        });
    }

    private static void Modifiers(SyntaxNodeAnalysisContext context)
    {
        SyntaxTokenList modifiers = context.Node switch
        {
            MethodDeclarationSyntax method => method.Modifiers,
            LocalFunctionStatementSyntax function => function.Modifiers,
            AnonymousFunctionExpressionSyntax lambda => lambda.Modifiers,
            _ => default,
        };
        foreach (SyntaxToken modifier in modifiers)
        {
            if (modifier.IsKind(SyntaxKind.AsyncKeyword))
                context.ReportDiagnostic(Diagnostic.Create(Async, modifier.GetLocation()));
        }
    }

    private static void Field(SymbolAnalysisContext context)
    {
        var field = (IFieldSymbol)context.Symbol;
        if (field.IsImplicitlyDeclared) return;
        if (field.IsVolatile) context.ReportDiagnostic(Diagnostic.Create(Volatile, field.Locations[0]));
        if (field is { IsStatic: true, IsReadOnly: false, IsConst: false })
            context.ReportDiagnostic(Diagnostic.Create(MutableStatic, field.Locations[0], field.Name));
    }

    private static void Property(SymbolAnalysisContext context)
    {
        var property = (IPropertySymbol)context.Symbol;
        if (property is { IsStatic: true, SetMethod: { IsInitOnly: false } })
            context.ReportDiagnostic(Diagnostic.Create(MutableStatic, property.Locations[0], property.Name));
    }

    private static void Report(SyntaxNodeAnalysisContext context, DiagnosticDescriptor rule) =>
        context.ReportDiagnostic(Diagnostic.Create(rule, context.Node.GetFirstToken().GetLocation()));

    private static DiagnosticDescriptor Rule(string id, string text) => new(
        id, "Core is deterministic", text, "Moldau.Determinism", DiagnosticSeverity.Warning, isEnabledByDefault: true);
}
