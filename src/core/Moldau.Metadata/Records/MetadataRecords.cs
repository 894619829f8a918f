using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>Why the value of a metadata record could not be read.</summary>
public enum MetadataReadStatus
{
    Ok,

    /// <summary>The frame around records has a version that is not known.</summary>
    UnknownFrame,

    /// <summary>A record type, or a version of it, from the future. The log belongs to a newer version.</summary>
    UnknownRecord,

    /// <summary>Too few bytes, too many, or bytes that are no such record.</summary>
    Corrupt,
}

/// <summary>The framing of metadata records as values of the metadata log: version of the frame, type and version of
/// the record as unsigned varints, then the record.</summary>
public static class MetadataRecords
{
    public const uint FrameVersion = 1;

    public static MetadataReadStatus Read(ReadOnlySpan<byte> value, out MetadataRecord record)
    {
        record = default;
        var reader = new KafkaReader(value);
        uint frame = reader.ReadUnsignedVarint();
        uint type = reader.ReadUnsignedVarint();
        uint version = reader.ReadUnsignedVarint();
        if (reader.Failed) return MetadataReadStatus.Corrupt;
        if (frame != FrameVersion) return MetadataReadStatus.UnknownFrame;
        if (type > short.MaxValue || version > short.MaxValue) return MetadataReadStatus.Corrupt;
        ITypedRecord? message = Messages.ReadRecord(RecordSet.Metadata, (short)type, (short)version, ref reader);
        if (message is null) return MetadataReadStatus.UnknownRecord;
        if (!reader.IsComplete) return MetadataReadStatus.Corrupt;
        record = new MetadataRecord(message, (short)version);
        return MetadataReadStatus.Ok;
    }

    public static int Size(in MetadataRecord record)
    {
        int head = Varint.SizeOfUnsigned(FrameVersion) + Varint.SizeOfUnsigned((uint)record.Message.TypeId)
            + Varint.SizeOfUnsigned((uint)record.Version);
        return head + record.Message.Size(record.Version);
    }

    public static byte[] Write(in MetadataRecord record)
    {
        byte[] bytes = new byte[Size(record)];
        var writer = new KafkaWriter(bytes);
        writer.WriteUnsignedVarint(FrameVersion);
        writer.WriteUnsignedVarint((uint)record.Message.TypeId);
        writer.WriteUnsignedVarint((uint)record.Version);
        record.Message.Write(ref writer, record.Version);
        Verify.That(writer.Position == bytes.Length);
        return bytes;
    }
}
