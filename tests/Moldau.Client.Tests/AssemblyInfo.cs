[assembly: AssemblyFixture(typeof(Moldau.Client.Tests.Support.Servers))]
[assembly: AssemblyFixture(typeof(Moldau.Client.Tests.Security.SecureServers))]
