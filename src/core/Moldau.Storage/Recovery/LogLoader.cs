using Moldau.Base;

namespace Moldau.Storage;

/// <summary>The work of <see cref="LoadLogJob"/>. Blocking; each call of the disk is a crash point.</summary>
internal sealed class LogLoader(IDisk disk, LoadLogRequest request)
{
    private readonly LoadedLog _log = new() { Partition = request.Partition, Folder = request.Folder };
    private readonly HashSet<long> _withTransactions = [];
    private IReadOnlyList<string> _names = [];
    private bool _mustScanAll;

    public LoadedLog Load()
    {
        if (request.MustExist && !IsThere())
        {
            _log.IsMissing = true;
            return _log;
        }

        if (disk.DirectoryExists(request.Folder)) OpenFolder();
        if (_log.IsOtherSetAside) return _log;
        if (_names.Count == 0) CreateFolder();
        _names = FolderSweep.Run(disk, request.Folder, _names, request.Config.IsCompacted, _log.Notes);
        ReadFolder();
        _log.LogStartOffset = request.LogStartOffset;
        ReadEpochs();
        long damagedFrom = ReadTransactionIndexes();
        ProducerStateManager? producers = Recover(damagedFrom);
        if (_log.Segments.Count > 0 && _log.LogEndOffset < request.LogStartOffset)
        {
            DropAll();
            producers = new ProducerStateManager();
        }

        if (_log.Segments.Count == 0) AddEmptySegment(request.LogStartOffset);
        _log.LogStartOffset = Math.Max(request.LogStartOffset, _log.Segments[0].BaseOffset);
        CutEpochs();
        LoadProducers(producers);
        WriteTopicId();
        // A clean end had synced all, and recovery syncs what it looks at.
        _log.RecoveryPoint = _log.LogEndOffset;
        return _log;
    }

    private bool IsThere() =>
        DiskFiles.ReadWhole(disk, LogFileNames.Join(request.Folder, LogFileNames.PartitionMetadata)) is { } bytes
        && PartitionMetadataFile.TryDecode(bytes) is { } found && found == request.TopicId;

    private void CreateFolder()
    {
        disk.CreateDirectory(request.Folder);
        disk.SyncDirectory(LogFileNames.ParentOf(request.Folder));
    }

    /// <summary>Reads whose folder it is. One of another topic of the same name is what an interrupted deletion left: it is
    /// not this log, and is set aside.</summary>
    private void OpenFolder()
    {
        _names = disk.List(request.Folder);
        byte[]? bytes = ReadIfListed(LogFileNames.PartitionMetadata);
        if (bytes is null) return;
        _log.TopicId = PartitionMetadataFile.TryDecode(bytes);
        if (_log.TopicId is null) _log.Notes.Add("partition.metadata is damaged and was written again");
        if (request.TopicId is not { } topicId || _log.TopicId is not { } found || found == topicId) return;
        string directory = LogFileNames.ParentOf(request.Folder);
        string aside = LogFileNames.Join(directory, LogFileNames.StrayFolderOf(request.Partition, found));
        disk.Rename(request.Folder, aside);
        disk.SyncDirectory(directory);
        _log.IsOtherSetAside = true;
        _log.Notes.Add($"the folder was that of another topic, {found}, and is now {aside}");
    }

    private byte[]? ReadIfListed(string name) =>
        _names.Contains(name) ? DiskFiles.ReadWhole(disk, LogFileNames.Join(request.Folder, name)) : null;

    private void ReadFolder()
    {
        foreach (string name in _names)
        {
            if (LogFileNames.TryParse(name, LogFileNames.Log, out long baseOffset))
                _log.Segments.Add(OpenForSize(baseOffset));
            else if (LogFileNames.TryParse(name, LogFileNames.ProducerSnapshot, out long at))
                _log.Snapshots.Add(at);
            else if (LogFileNames.TryParse(name, LogFileNames.TransactionIndex, out long withTransactions))
                _withTransactions.Add(withTransactions);
        }

        _log.Segments.Sort((a, b) => a.BaseOffset.CompareTo(b.BaseOffset));
    }

    private LogSegment OpenForSize(long baseOffset)
    {
        LogSegment segment = new(request.Folder, baseOffset);
        using IDiskFile file = disk.Open(segment.PathOf(LogFileNames.Log), DiskOpenMode.Read);
        segment.WrittenBytes = segment.DecidedBytes = (int)Math.Min(int.MaxValue, file.Length);
        return segment;
    }

    // The last thing written in a new folder: where it is found, the names of the first segment's files are durable.
    private void WriteTopicId()
    {
        if (_log.TopicId is not null || request.TopicId is not { } topicId) return;
        string path = LogFileNames.Join(request.Folder, LogFileNames.PartitionMetadata);
        DiskFiles.WriteAtomically(disk, path, PartitionMetadataFile.Encode(topicId));
        _log.TopicId = topicId;
    }

    private void ReadEpochs()
    {
        byte[]? epochs = ReadIfListed(LogFileNames.LeaderEpochCheckpoint);
        if (epochs is null) return;
        if (LeaderEpochCache.TryDecode(epochs) is { } cache)
        {
            _log.Epochs = cache;
            return;
        }

        // The epochs stand in every batch, so they can be found again, at the price of reading all.
        _log.Notes.Add("leader-epoch-checkpoint is damaged: the whole log is read to find the epochs again");
        _mustScanAll = true;
    }

    /// <summary>The first offset from which segments must be recovered because their index of aborted transactions is
    /// damaged: no later source can tell them.</summary>
    private long ReadTransactionIndexes()
    {
        foreach (LogSegment segment in _log.Segments)
        {
            if (!_withTransactions.Contains(segment.BaseOffset)) continue;
            byte[]? bytes = DiskFiles.ReadWhole(disk, segment.PathOf(LogFileNames.TransactionIndex));
            if (TransactionIndex.TryDecode(segment.BaseOffset, bytes) is not { } index)
            {
                _log.Notes.Add($"segment {segment.BaseOffset}: the transaction index is damaged and is built again");
                return segment.BaseOffset;
            }

            segment.Transactions = index;
        }

        return long.MaxValue;
    }

    /// <summary>Finds the log's end; recovers first where that is needed. Returns producer state if it came by the way.</summary>
    private ProducerStateManager? Recover(long damagedFrom)
    {
        if (_log.Segments.Count == 0) return null;
        long from = request.HadCleanShutdown ? long.MaxValue : request.RecoveryPoint;
        from = Math.Min(from, damagedFrom);
        if (_mustScanAll) from = 0;
        if (from == long.MaxValue)
        {
            // The checkpoint of a clean end is the log's end; 0 is also what is said where there is none.
            bool isFound = TryFindEnd(_log.Segments[^1], out long end);
            if (isFound && (end == request.RecoveryPoint || request.RecoveryPoint == 0))
            {
                _log.LogEndOffset = end;
                return null;
            }

            _log.Notes.Add(isFound
                ? $"the last segment ends at {end}, the clean end was at {request.RecoveryPoint}"
                : "the last segment does not end with a whole batch although the end was clean");
            from = _log.Segments[^1].BaseOffset;
        }

        int first = Math.Max(0, _log.FloorIndex(from));
        RecoveryStart? start = from == request.RecoveryPoint && !_mustScanAll
            ? RecoveryStart.Find(disk, _log.Segments[first], from, request.Config.IndexIntervalBytes)
            : null;
        bool isFlushed = start is { AreIndexesRight: true } && first == _log.Segments.Count - 1
            && start.Position == _log.Segments[first].WrittenBytes && _log.TopicId is not null;
        if (isFlushed) isFlushed = !_log.Segments[first].Transactions.TruncateTo(from);
        if (!isFlushed) return RecoverFrom(first, start);
        // Nothing came after the recovery point: not a byte to check or to sync. But the process may have died between a roll
        // and the sync of the new segment's name.
        if (start is { Position: 0, Offset: > 0 }) disk.SyncDirectory(request.Folder);
        _log.LogEndOffset = from;
        return null;
    }

    private ProducerStateManager RecoverFrom(int first, RecoveryStart? start)
    {
        long end = start?.Offset ?? _log.Segments[first].BaseOffset;
        ProducerStateManager producers =
            ProducerRebuild.To(disk, _log, end, request.NowMs, request.Config.ProducerIdExpirationMs);
        SegmentRecovery recovery = new(_log, request.Config.IndexIntervalBytes, request.RecoveryPoint);
        for (int i = first; i < _log.Segments.Count; i++)
        {
            LogSegment segment = _log.Segments[i];
            // It overlaps what precedes it: the rest of a truncation that was interrupted. Or what was between is lost: nothing
            // behind the gap was ever called durable. Compaction leaves gaps too.
            bool isGap = segment.BaseOffset > end && !request.Config.IsCompacted;
            if (i > first && (isGap || segment.BaseOffset < end))
            {
                DropFrom(i);
                break;
            }

            bool isWhole = RecoverSegment(recovery, segment, i, i == first ? start : null, producers);
            end = recovery.NextOffset;
            if (!isWhole) break;
            if (i < _log.Segments.Count - 1) TakeSnapshot(producers, end);
        }

        disk.SyncDirectory(request.Folder);
        _log.LogEndOffset = end;
        return producers;
    }

    /// <summary>What the roll would have written, had the process lived to: once retention has taken the segments before, only
    /// a snapshot knows what their producers did.</summary>
    private void TakeSnapshot(ProducerStateManager producers, long offset)
    {
        if (producers.IsEmpty || !_log.Snapshots.Add(offset)) return;
        string path = LogFileNames.PathOf(request.Folder, offset, LogFileNames.ProducerSnapshot);
        DiskFiles.WriteDurably(disk, path, ProducerSnapshotFile.Encode(producers.Producers));
    }

    private bool RecoverSegment(
        SegmentRecovery recovery, LogSegment segment, int index, RecoveryStart? start, ProducerStateManager producers)
    {
        using IDiskFile file = disk.Open(segment.PathOf(LogFileNames.Log), DiskOpenMode.ReadWrite);
        int valid = recovery.Check(file, segment, start, producers, out SegmentIndexes indexes);
        bool isWhole = valid == file.Length;
        if (!isWhole)
        {
            // First what follows, durably, then the cut: else a second crash would leave segments behind a gap.
            DropFrom(index + 1);
            file.SetLength(valid);
        }

        segment.WrittenBytes = segment.DecidedBytes = valid;
        if (request.Config.SyncsAppends && !request.HadCleanShutdown) recovery.WriteAgain(file, valid);
        file.Sync();
        indexes.WriteAgain(disk, request.Folder, segment.BaseOffset);
        return isWhole;
    }

    private bool TryFindEnd(LogSegment segment, out long end)
    {
        end = segment.BaseOffset;
        if (segment.WrittenBytes == 0) return true;
        byte[]? bytes = DiskFiles.ReadWhole(disk, segment.PathOf(LogFileNames.OffsetIndex));
        OffsetIndex? offsets =
            bytes is null ? null : OffsetIndex.TryDecode(segment.BaseOffset, bytes, segment.WrittenBytes);
        OffsetPosition from = offsets is { Count: > 0 } ? offsets[offsets.Count - 1] : new OffsetPosition(long.MaxValue, 0);
        using IDiskFile file = disk.Open(segment.PathOf(LogFileNames.Log), DiskOpenMode.Read);
        BatchScanner scanner = new(file, from.Position, segment.WrittenBytes, new byte[Math.Clamp(segment.WrittenBytes, 0, 8 * 1024)]);
        while (scanner.MoveNext())
        {
            BatchHeader batch = scanner.Current;
            bool isAtEntry = batch.Position == from.Position && from.Position > 0;
            // Compaction alone leaves gaps; anything else is damage that recovery speaks of.
            bool isGap = !isAtEntry && batch.FirstOffset > end && !request.Config.IsCompacted;
            if (isGap || batch.LastOffset < end || (isAtEntry && batch.FirstOffset > from.Offset)) return false;
            end = batch.LastOffset + 1;
        }

        return scanner.Status == Records.BatchReadStatus.Ok;
    }

    private void DropFrom(int index)
    {
        if (index >= _log.Segments.Count) return;
        for (int i = _log.Segments.Count - 1; i >= index; i--)
        {
            _log.Notes.Add($"segment {_log.Segments[i].BaseOffset} behind the end was removed");
            SegmentFiles.Delete(disk, request.Folder, _log.Segments[i].BaseOffset);
            _log.Snapshots.Remove(_log.Segments[i].BaseOffset);
            _log.Segments.RemoveAt(i);
        }

        disk.SyncDirectory(request.Folder);
    }

    private void DropAll()
    {
        _log.Notes.Add($"all segments end before the log start offset {request.LogStartOffset} and were removed");
        DropFrom(0);
        foreach (long at in _log.Snapshots)
            DiskFiles.DeleteIfExists(disk, LogFileNames.PathOf(request.Folder, at, LogFileNames.ProducerSnapshot));
        _log.Snapshots.Clear();
        if (_log.Epochs.Clear()) DiskFiles.WriteAtomically(disk, EpochsPath, _log.Epochs.Encode());
    }

    private void AddEmptySegment(long baseOffset)
    {
        LogSegment segment = new(request.Folder, baseOffset);
        foreach (string suffix in new[] { LogFileNames.OffsetIndex, LogFileNames.TimeIndex, LogFileNames.Log })
            disk.Open(segment.PathOf(suffix), DiskOpenMode.OpenOrCreate).Dispose();
        disk.SyncDirectory(request.Folder);
        _log.Segments.Add(segment);
        _log.LogEndOffset = baseOffset;
    }

    private void CutEpochs()
    {
        // An epoch that begins at the end has no record. Every load cuts it off again, so it is not written here for that
        // alone: as a rule it is an election of a former run, and there is one in every log.
        _log.AreEpochsWritten = !_log.Epochs.TruncateFromEnd(_log.LogEndOffset);
        bool isChanged = _log.Epochs.TruncateFromStart(_log.LogStartOffset);
        // Recovery may also have found epochs that were never written down.
        if (isChanged || _log.RecoveredBytes > 0) WriteEpochs();
    }

    private void WriteEpochs()
    {
        byte[] contents = _log.Epochs.Encode();
        byte[]? present = DiskFiles.ReadWhole(disk, EpochsPath);
        bool isSame = present is null ? _log.Epochs.Entries.Count == 0 : contents.AsSpan().SequenceEqual(present);
        if (!isSame) DiskFiles.WriteAtomically(disk, EpochsPath, contents);
        _log.AreEpochsWritten = true;
    }

    private void LoadProducers(ProducerStateManager? recovered)
    {
        RemoveSnapshotsOutside(_log.LogEndOffset);
        // A cleanly ended log without any snapshot comes from a version that had none: its records had no producers.
        if (recovered is null && _log.Snapshots.Count == 0 && request.HadCleanShutdown)
            recovered = new ProducerStateManager();
        _log.Producers = recovered ?? ProducerRebuild.To(
            disk, _log, _log.LogEndOffset, request.NowMs, request.Config.ProducerIdExpirationMs);
        _log.Producers.MapEndOffset = _log.LogEndOffset;
        _log.Producers.LastSnapshotOffset = _log.Snapshots.Count == 0 ? _log.LogStartOffset : _log.Snapshots.Max;
    }

    private void RemoveSnapshotsOutside(long end)
    {
        foreach (long at in _log.Snapshots.Where(s => s > end).ToArray())
        {
            DiskFiles.DeleteIfExists(disk, LogFileNames.PathOf(request.Folder, at, LogFileNames.ProducerSnapshot));
            _log.Snapshots.Remove(at);
        }
    }

    private string EpochsPath => LogFileNames.Join(request.Folder, LogFileNames.LeaderEpochCheckpoint);
}
