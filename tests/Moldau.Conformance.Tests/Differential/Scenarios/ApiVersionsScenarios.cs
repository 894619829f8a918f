namespace Moldau.Conformance.Tests.Differential.Scenarios;

internal static class ApiVersionsScenarios
{
    public static IEnumerable<Scenario> All() =>
    [
        new("api-versions", "ApiVersions", (0, 5), run =>
        {
            run.Ask("""{"ClientSoftwareName":"probe","ClientSoftwareVersion":"1.0"}""");
            run.Ask("""{"ClientSoftwareName":"probe","ClientSoftwareVersion":"1.0"}""");
        }),
        new("api-versions-controller", "ApiVersions", (0, 5), run =>
            run.Ask("""{"ClientSoftwareName":"probe","ClientSoftwareVersion":"1.0"}"""))
        { IsOnController = true },
        new("api-versions-software-name", "ApiVersions", (3, 5), run =>
        {
            run.Ask("""{"ClientSoftwareName":"","ClientSoftwareVersion":""}""");
            run.Ask("""{"ClientSoftwareName":"a b","ClientSoftwareVersion":"1"}""");
            run.Ask("""{"ClientSoftwareName":"-a","ClientSoftwareVersion":"1"}""");
            run.Ask("""{"ClientSoftwareName":"a.b-c","ClientSoftwareVersion":"1.0-rc"}""");
            run.Ask("""{"ClientSoftwareName":"a","ClientSoftwareVersion":"1","_tags":{"17":"0102"}}""");
        }),
        new("api-versions-cluster", "ApiVersions", (5, 5), run =>
        {
            run.Ask("""{"ClientSoftwareName":"a","ClientSoftwareVersion":"1","ClusterId":"other","NodeId":1}""");
            run.Ask("""{"ClientSoftwareName":"a","ClientSoftwareVersion":"1","NodeId":7}""");
            run.Ask("""{"ClientSoftwareName":"a","ClientSoftwareVersion":"1","NodeId":1}""");
        }),
    ];
}
