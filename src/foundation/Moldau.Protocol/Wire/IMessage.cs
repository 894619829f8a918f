using Moldau.Base;

namespace Moldau.Protocol;

/// <summary>A whole message, record or file entry that can be written in each of its versions.</summary>
public interface IMessage
{
    /// <summary>The exact number of bytes that <see cref="Write"/> takes.</summary>
    int Size(short version);

    void Write(ref KafkaWriter writer, short version);
}

/// <summary>A message that can also be read. What <c>Read</c> returns means something only while the reader has not
/// failed.</summary>
public interface IMessage<TSelf> : IMessage
    where TSelf : IMessage<TSelf>
{
    static abstract TSelf Read(ref KafkaReader reader, short version);
}

public interface IRequest : IMessage
{
    static abstract ApiKey ApiKey { get; }
}

public interface IResponse : IMessage
{
    static abstract ApiKey ApiKey { get; }

    /// <summary>Tells each error code in the message, that of success included, as Kafka counts them.</summary>
    void CountErrors(IErrorCounter counter);
}

/// <summary>Takes note of the error codes of responses.</summary>
public interface IErrorCounter
{
    void Count(short errorCode);
}

/// <summary>A record that a log stores under a type id: metadata records, and keys and values of internal
/// topics.</summary>
public interface ITypedRecord : IMessage
{
    short TypeId { get; }
}

/// <summary>A structure inside a message.</summary>
public interface IStructure<TSelf>
    where TSelf : class, IStructure<TSelf>
{
    /// <summary>Memory that one element takes at least, in bytes, for the reader's budget.</summary>
    static abstract int Cost { get; }

    static abstract TSelf Read(ref KafkaReader reader, short version);

    void Write(ref KafkaWriter writer, short version);
}

/// <summary>A tagged field whose tag the schema does not know, kept as it came.</summary>
public readonly record struct RawTaggedField(uint Tag, byte[] Data);
