using Moldau.Conformance.Tests;

[assembly: AssemblyFixture(typeof(SharedServer))]
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
