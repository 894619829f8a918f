using Moldau.Storage;

namespace Moldau.Runtime;

/// <summary>An operation on its way to a disk thread, and the mailbox that its completion goes to.</summary>
internal readonly record struct DiskRequest(DiskOp Op, Mailbox ReplyTo);
