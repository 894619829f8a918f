using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>How much a shard may still append to each log directory before its disk is as full as it may get. A write that
/// fails leaves a log in an unknown state and costs its directory; a record that is refused costs nothing, and what is kept
/// free lets segments be flushed, offsets be committed and topics be deleted. Owner: the shard.</summary>
/// <param name="shard">The owner.</param>
/// <param name="tell">Told when a directory's disk fills up and when there is room again.</param>
internal sealed class DirectoryRoom(ShardMachine shard, Action<string, bool> tell)
{
    /// <summary>Others write to the same disk: what was measured counts for so long.</summary>
    private static readonly Duration MeasuredFor = Duration.FromSeconds(1);

    /// <summary>A full disk is asked more often: producers come back after a tenth of a second.</summary>
    private static readonly Duration MeasuredForWhenFull = Duration.FromMs(100);

    private readonly Dictionary<string, Room> _rooms = new(StringComparer.Ordinal);
    private readonly long _reserve = shard.Options.Config.DiskReserveBytes;
    private Instant? _measured;
    private bool _isMeasuring;
    private bool _isAnyFull;

    /// <summary>Takes room for an append; false where there is none. What a coordinator writes may use half of the reserve:
    /// it is little, and groups need it to go on reading.</summary>
    public bool TryTake(string directory, int bytes, bool isCoordinator)
    {
        if (_reserve == 0) return true;
        MeasureIfDue();
        if (!_rooms.TryGetValue(directory, out Room? room)) return true; // not measured yet
        long least = isCoordinator ? -_reserve / 2 / shard.Options.ShardCount : 0;
        if (room.Left - bytes < least)
        {
            SetFull(directory, room, true);
            return false;
        }

        room.Left -= bytes;
        return true;
    }

    private void MeasureIfDue()
    {
        Duration lasts = _isAnyFull ? MeasuredForWhenFull : MeasuredFor;
        if (_isMeasuring || (_measured is { } at && shard.Now - at < lasts)) return;
        _isMeasuring = true;
        VolumeJob.Run(shard, shard.Options.Directories, volumes =>
        {
            _isMeasuring = false;
            _measured = shard.Now;
            foreach (VolumeJob.Volume volume in volumes)
                if (volume.IsOnline) Take(volume);
        });
    }

    private void Take(in VolumeJob.Volume volume)
    {
        if (!_rooms.TryGetValue(volume.Path, out Room? room)) _rooms.Add(volume.Path, room = new Room());
        // Every shard may fill its part.
        room.Left = (volume.UsableBytes - _reserve) / shard.Options.ShardCount;
        SetFull(volume.Path, room, room.Left <= 0);
    }

    private void SetFull(string directory, Room room, bool isFull)
    {
        if (room.IsFull == isFull) return;
        room.IsFull = isFull;
        _isAnyFull = _rooms.Values.Any(r => r.IsFull);
        tell(directory, isFull);
    }

    private sealed class Room
    {
        public long Left { get; set; }

        public bool IsFull { get; set; }
    }
}
