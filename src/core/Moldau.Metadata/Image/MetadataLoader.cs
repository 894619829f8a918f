using Moldau.Base;

namespace Moldau.Metadata;

/// <summary>A step of the published metadata: what changed, and what it is now.</summary>
/// <param name="Delta">Null where a whole snapshot was loaded.</param>
/// <param name="Image">The new image.</param>
public sealed record MetadataUpdate(MetadataDelta? Delta, MetadataImage Image);

/// <summary>Turns committed batches into images to publish. Within a metadata transaction (KIP-868) nothing is
/// published until it ends; an aborted one leaves no trace.</summary>
public sealed class MetadataLoader
{
    private MetadataDelta? _transaction;

    public MetadataImage Image { get; private set; } = MetadataImage.Empty;

    /// <summary>Whether the log ends within a transaction, which a new leader has to abort.</summary>
    public bool IsInTransaction => _transaction is not null;

    /// <summary>Replaces everything by the content of a snapshot. Returns null, or what is wrong with it.</summary>
    public string? LoadSnapshot(IEnumerable<MetadataRecord> records, MetadataProvenance provenance,
        out MetadataUpdate? update)
    {
        update = null;
        var delta = new MetadataDelta(MetadataImage.Empty);
        foreach (MetadataRecord record in records)
        {
            if (delta.Replay(record) is { } error) return error;
        }

        _transaction = null;
        Image = delta.Apply(provenance);
        update = new MetadataUpdate(null, Image);
        return null;
    }

    /// <summary>Applies a committed batch. <paramref name="update"/> is null while a transaction is open.</summary>
    public string? Load(MetadataBatch batch, out MetadataUpdate? update)
    {
        update = null;
        Verify.That(batch.BaseOffset > Image.Provenance.Offset);
        MetadataDelta delta = _transaction ?? new MetadataDelta(Image);
        foreach (MetadataRecord record in batch.Records)
        {
            if (delta.Replay(record) is { } error) return $"offset {batch.BaseOffset}..{batch.LastOffset}: {error}";
        }

        _transaction = delta.IsInTransaction ? delta : null;
        if (_transaction is not null) return null;
        Image = delta.Apply(batch.Provenance);
        update = new MetadataUpdate(delta, Image);
        return null;
    }
}
