namespace Moldau.Sim;

/// <summary>A workload with its checkers. The run calls the members in the order they stand here.</summary>
public abstract class Scenario
{
    /// <summary>How long faults and work go on together, simulated.</summary>
    public virtual int WorkMs => 12_000;

    /// <summary>How long after healing everything must have been answered, simulated.</summary>
    public virtual int HealMs => 30_000;

    /// <summary>Faults this workload can stand without losing what its checkers ask for.</summary>
    public abstract IReadOnlyList<FaultKind> Faults { get; }

    /// <summary>Some written bytes of the node's disk read back wrong until the disk is told to end it.</summary>
    /// <param name="node">Whose disk.</param>
    /// <param name="batches">How many places.</param>
    /// <param name="forMs">How long that is planned to go on.</param>
    public virtual void Rot(SimNode node, int batches, long forMs)
    {
    }

    /// <summary>Some bytes of the node's files change, for good, when its process has ended the next time.</summary>
    public virtual void RotAtRest(SimNode node, int places)
    {
    }

    /// <summary>Makes nodes and clients. Draws only from generators forked here.</summary>
    public abstract void Build(SimWorld world);

    /// <summary>True once the work may begin: topics are there, clients are connected. No fault comes before.</summary>
    public abstract bool IsReady { get; }

    public abstract void BeginWork();

    /// <summary>No new work; what is under way is carried on until it is answered.</summary>
    public abstract void EndWork();

    /// <summary>Whether everything that was begun has its answer.</summary>
    public abstract bool IsSettled { get; }

    /// <summary>What is not settled, for the report.</summary>
    public abstract string Unsettled { get; }

    /// <summary>Starts to read everything back.</summary>
    public abstract void BeginVerification();

    public abstract bool IsVerified { get; }

    /// <summary>How long the world goes on after that before the checks, simulated: what was lost shows by then.</summary>
    public virtual int RestMs => 0;

    /// <summary>Looks at the whole history; null if it is as it must be.</summary>
    public abstract string? Check();

    /// <summary>One line of numbers: what the run has seen, so that a run that did nothing shows.</summary>
    public abstract string Summary { get; }
}
