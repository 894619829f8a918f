using Moldau.Base;

namespace Moldau.Sim;

/// <summary>What the only user of some groups knows of their offsets: of each partition those that may be committed. One
/// where the last change was answered, more where it was not, any after a loss of power until the next answer. A change whose
/// connection went before its answer may wait in a machine that stands still, and be made behind later ones of other
/// connections.</summary>
public sealed class OffsetModel
{
    /// <summary>Stands for no committed offset, as in an answer to OffsetFetch.</summary>
    public const long None = -1;

    /// <summary>Answers, 80 ms apart at least, behind which a change that was not answered is not made any more.</summary>
    private const int AnswersUntilOver = 100;

    // A partition that is not here has no offset, or after a loss any.
    private readonly SortedDictionary<(string Group, TopicPartition Partition), SortedSet<long>> _may = [];

    // Changes without an answer, and by which answer they are over.
    private readonly SortedDictionary<(string Group, TopicPartition Partition), SortedDictionary<long, long>> _late = [];
    private long _answers;
    private bool _hasForgotten;

    /// <summary>The power was lost: what was answered before may be gone. Where nothing was changed yet, nothing is.</summary>
    public void Forget()
    {
        _hasForgotten |= _may.Count > 0;
        _may.Clear();
        _late.Clear();
    }

    /// <summary>The change was answered: this is the offset.</summary>
    public void Is(string group, TopicPartition partition, long offset)
    {
        _answers++;
        SortedSet<long> may = [offset];
        if (_late.TryGetValue((group, partition), out SortedDictionary<long, long>? late))
            foreach ((long each, long over) in late)
                if (over > _answers) may.Add(each);
        _may[(group, partition)] = may;
    }

    /// <summary>The change was not answered: it may have been made. Adds nothing to what may be anything.</summary>
    public void MayBe(string group, TopicPartition partition, long offset)
    {
        if (!_may.TryGetValue((group, partition), out SortedSet<long>? may))
        {
            if (_hasForgotten) return;
            _may.Add((group, partition), may = [None]);
        }

        may.Add(offset);
        NoteLate((group, partition), offset);
    }

    /// <summary>The deletion of the group was not answered: any of its offsets may be gone.</summary>
    public void MayBeGone(string group)
    {
        foreach (var (key, may) in _may)
        {
            if (key.Group != group) continue;
            may.Add(None);
            NoteLate(key, None);
        }
    }

    /// <summary>What is wrong with an offset that the node tells; null if it may be.</summary>
    public string? Wrong(string group, TopicPartition partition, long offset)
    {
        if (!_may.TryGetValue((group, partition), out SortedSet<long>? may))
        {
            if (_hasForgotten) return null;
            may = [None];
        }

        return may.Contains(offset) ? null : $"committed is {offset}, it must be {string.Join(" or ", may)}";
    }

    private void NoteLate((string Group, TopicPartition Partition) key, long offset)
    {
        if (!_late.TryGetValue(key, out SortedDictionary<long, long>? late)) _late.Add(key, late = []);
        late[offset] = _answers + AnswersUntilOver;
    }
}
