using System.Runtime.CompilerServices;
using Moldau.Base;

namespace Moldau.Fuzz;

/// <summary>A reader under test with its oracle. Every input is a byte string, so that each finding is a file.</summary>
internal abstract class FuzzTarget
{
    public abstract string Name { get; }

    /// <summary>What is read and what must hold, on one line.</summary>
    public abstract string Summary { get; }

    public virtual int MaxBytes => 4096;

    /// <summary>Executions of the quick form, about a second's.</summary>
    public abstract int QuickIterations { get; }

    /// <summary>Memory that one execution may take whatever its input, in bytes; below zero where the rule of 8 × input is not
    /// this target's.</summary>
    public virtual long AllocationSlack => 512 << 10;

    /// <summary>Of what the execution under way allocates, the bytes that are those of a comparison alone.</summary>
    public long Excused { get; protected set; }

    /// <summary>Before each execution.</summary>
    public void Begin() => Excused = 0;

    /// <summary>Loop heads that an execution may pass.</summary>
    public virtual long Fuel(int inputBytes) => 2_000_000 + (20_000L * inputBytes);

    /// <summary>Valid inputs, the same for the same generator.</summary>
    public abstract IEnumerable<byte[]> Seeds(Prng prng);

    /// <summary>One change of an input; the bytes' own unless the target knows better.</summary>
    public virtual byte[] Mutate(byte[] input, byte[] other, Mutator mutator) => mutator.Mutate(input, other, MaxBytes);

    /// <summary>Set while one input is to be looked at by itself: nothing may be left of those before it.</summary>
    public bool IsAlone { get; set; }

    /// <summary>What made the last execution go wrong: the input, or a longer one with those before it, where the target goes on
    /// with what they left.</summary>
    public virtual byte[] CauseOf(byte[] input) => input;

    /// <summary>Runs one input. Whatever is thrown is a finding.</summary>
    public abstract void Run(byte[] input);

    /// <summary>The oracle: what must be so.</summary>
    public static void Must(bool holds, string what)
    {
        if (!holds) throw new OracleException(what);
    }

    /// <summary>The same, with words that are put together only where it does not hold: some oracles ask at every byte.</summary>
    public static void Must(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] OracleWords what)
    {
        if (!holds) throw new OracleException(what.Text());
    }
}

/// <summary>Something that must hold does not.</summary>
internal sealed class OracleException(string what) : Exception(what);
