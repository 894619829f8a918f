using Moldau.Base;

namespace Moldau.Faults;

/// <summary>What clients under load are told. Called from many threads.</summary>
internal interface ILoadEvents
{
    void Sent(TopicPartition partition, long id);

    /// <param name="partition">Where.</param>
    /// <param name="offset">−1 where the producer did not learn it.</param>
    /// <param name="id">The value's id.</param>
    void Acked(TopicPartition partition, long offset, long id);

    void Failed(TopicPartition partition, string error);

    /// <param name="partition">Where.</param>
    /// <param name="offset">The record's offset.</param>
    /// <param name="id">The value's id; 0 where its bytes are wrong.</param>
    void Read(TopicPartition partition, long offset, long id);

    /// <summary>A member of the group has read up to here and is about to commit it.</summary>
    void Committing(TopicPartition partition, long next);

    void Committed(TopicPartition partition, long next);

    void Topic(string name, TopicState state);

    /// <summary>Somebody is about to ask for the deletion of records below an offset.</summary>
    void Trimming(TopicPartition partition, long before);
}

/// <summary>What an administrator may expect of a topic.</summary>
internal enum TopicState
{
    /// <summary>Asked for, unanswered: it may be there or not.</summary>
    Unknown,
    Created,
    Deleted,
}
