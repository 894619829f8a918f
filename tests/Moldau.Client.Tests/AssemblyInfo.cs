[assembly: AssemblyFixture(typeof(Moldau.Client.Tests.Support.Servers))]
