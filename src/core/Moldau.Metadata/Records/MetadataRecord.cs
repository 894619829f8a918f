using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>A record of the metadata log with the version of its schema that it was, or will be, written in.</summary>
public readonly record struct MetadataRecord(ITypedRecord Message, short Version);
