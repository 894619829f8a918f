using Moldau.Base;
using Moldau.Broker;
using Moldau.Metadata;

namespace Moldau.Sim;

/// <summary>The quorum of one, after every event of the control machine:
/// <list type="bullet">
/// <item>Q1: the epoch never falls, not even across restarts, and no two processes lead in the same one; the high
/// watermark of the metadata never falls;</item>
/// <item>Q2: the metadata at an offset is the same for all time, however it was loaded.</item>
/// </list></summary>
internal sealed class QuorumChecker(SimWorld world)
{
    private readonly SortedDictionary<long, ulong> _images = [];
    private MetadataImage? _seen;
    private int _epoch = -1;
    private int _ledEpoch = -1;
    private long _highWatermark = -1;
    private bool _hasLed;

    public void Look(ControlMachine control)
    {
        if (control.Quorum is not { } quorum) return;
        if (quorum.Epoch < _epoch) world.Fail($"[Q1] the epoch went from {_epoch} back to {quorum.Epoch}");
        _epoch = Math.Max(_epoch, quorum.Epoch);
        if (!ReferenceEquals(control.Image, _seen)) Look(control.Image);
        if (!control.Controller.IsActive)
        {
            _hasLed = false;
            return;
        }

        if (quorum.HighWatermark < _highWatermark)
            world.Fail($"[Q1] the metadata was committed up to {_highWatermark}, and is up to {quorum.HighWatermark}");
        _highWatermark = quorum.HighWatermark;
        if (!_hasLed && quorum.Epoch <= _ledEpoch) world.Fail($"[Q1] epoch {quorum.Epoch} has two leaders");
        _hasLed = true;
        _ledEpoch = quorum.Epoch;
    }

    public void Died()
    {
        _hasLed = false;
        _seen = null;
    }

    private void Look(MetadataImage image)
    {
        _seen = image;
        if (image.Provenance.Offset < 0) return;
        ulong hash = 0;
        foreach (MetadataRecord record in image.ToRecords())
            hash = ulong.RotateLeft(hash, 7) * 0x9E3779B97F4A7C15 ^ SimTrace.HashOf(MetadataRecords.Write(record));
        if (!_images.TryAdd(image.Provenance.Offset, hash) && _images[image.Provenance.Offset] != hash)
            world.Fail($"[Q2] the metadata at offset {image.Provenance.Offset} is not what it was");
    }
}
