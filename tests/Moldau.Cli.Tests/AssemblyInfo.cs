// Each test runs a process or two; more at once would only make them wait for each other.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
[assembly: AssemblyFixture(typeof(Moldau.Cli.Tests.Verbs.Clusters))]
