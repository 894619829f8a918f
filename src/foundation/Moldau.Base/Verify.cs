using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Moldau.Base;

/// <summary>Assertions of our own logic, on in production: a broken invariant stops the node rather than corrupt data.
/// Damaged data and failing disks are not broken invariants; they are values.</summary>
public static class Verify
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void That(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string text = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        if (!condition) Fail(text, file, line);
    }

    [DoesNotReturn]
    [StackTraceHidden]
    public static void Fail(string text, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        throw new BrokenInvariantException($"{text} ({Path.GetFileName(file)}:{line})");
}

/// <summary>A bug in Moldau itself. Nothing in core catches it; the shell logs it and stops the node.</summary>
public sealed class BrokenInvariantException(string message) : Exception(message);
