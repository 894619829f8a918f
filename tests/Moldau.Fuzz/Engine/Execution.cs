using System.Diagnostics;
using System.Globalization;
using Moldau.Base;

namespace Moldau.Fuzz;

/// <summary>What went wrong in one execution.</summary>
/// <param name="Key">The kind and the place: two findings with one key are one bug.</param>
/// <param name="Text">For people.</param>
internal sealed record Finding(string Key, string Text);

/// <summary>Runs single inputs of a target and holds them to what every target is held to.</summary>
internal sealed class Execution(FuzzTarget target)
{
    public const int AllocationFactor = 8;

    public long Count { get; private set; }

    /// <summary>Of the last execution: the loop heads it passed and the bytes it read.</summary>
    public long Cost { get; private set; }

    /// <summary>Null where all was well.</summary>
    public Finding? Run(byte[] input)
    {
        Finding? finding = Once(input, out long allocated);
        if (finding is not null || target.AllocationSlack < 0) return finding;
        long limit = ((long)input.Length * AllocationFactor) + target.AllocationSlack;
        // Tables that are made at their first use are not the input's.
        for (int again = 0; again < 2 && allocated > limit && finding is null; again++) finding = Once(input, out allocated);
        return finding ?? (allocated <= limit ? null : new Finding(
            "allocation", string.Create(CultureInfo.InvariantCulture, $"allocated {allocated} bytes for an input of {input.Length}, more than {limit}")));
    }

    private Finding? Once(byte[] input, out long allocated)
    {
        Count++;
        EdgeMap.Clear();
        EdgeMap.Fuel = target.Fuel(input.Length);
        target.Begin();
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Run(input);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before - target.Excused;
            return null;
        }
        catch (Exception e)
        {
            allocated = 0;
            return new Finding(KeyOf(e), e.ToString());
        }
        finally
        {
            Cost = target.Fuel(input.Length) - EdgeMap.Fuel + input.Length;
            EdgeMap.Fuel = long.MaxValue;
        }
    }

    /// <summary>The exception's type with the innermost method of the product, or the words of an oracle or an invariant without
    /// figures, up to the first semicolon or the end of the line.</summary>
    private static string KeyOf(Exception e)
    {
        string words = string.Concat(e.Message.TakeWhile(c => c is not (';' or '\n')).Where(c => !char.IsAsciiDigit(c) && c != '-'));
        if (e is OracleException) return words;
        if (e is OutOfFuelException) return "hang";
        foreach (StackFrame frame in new StackTrace(e).GetFrames())
        {
            Type? type = frame.GetMethod()?.DeclaringType;
            if (type?.FullName is { } name && name.StartsWith("Moldau.", StringComparison.Ordinal) && name != "Moldau.Base.Verify")
                return $"{e.GetType().Name} in {name}.{frame.GetMethod()!.Name}{(e is BrokenInvariantException ? ": " + words : "")}";
        }

        return e.GetType().Name;
    }
}
