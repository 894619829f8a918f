// Counts of the whole process mean something only while nobody else is at work in it.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
