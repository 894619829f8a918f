using System.Net;
using System.Net.Sockets;
using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Cli.Probing;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Verbs;

/// <summary>Looks for what keeps clients of this machine from working, from the name of the bootstrap server on.</summary>
internal static class Doctor
{
    private static readonly Column[] Columns = [new("check"), new("status"), new("found"), new("advice")];

    public static readonly Command Command = new("doctor", "", "look for what keeps clients from working: names, listeners, clock, limits", RunAsync)
    {
        MaxOperands = 0,
        Columns = Columns,
        Details = "Each line is ok, warn or fail, with what to do. With a fail the exit code is 7.",
        Example = "moldau doctor -b broker1:9092",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        DoctorReport report = new(Columns);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
        limit.CancelAfter(context.Timeout);
        BrokerAddress? working = null;
        foreach (BrokerAddress address in context.Addresses())
            if (await ListenerAsync(report, "bootstrap", address, limit.Token).ConfigureAwait(false)) working ??= address;
        if (working is { } first) await ClusterAsync(report, context, first, limit.Token).ConfigureAwait(false);
        MachineChecks.Run(report);
        context.Show(report.Result);
        return report.HasFailed ? ExitCodes.CheckFailed : ExitCodes.Ok;
    }

    /// <summary>Name, port and protocol of one address; true where Kafka answers in plain text.</summary>
    private static async Task<bool> ListenerAsync(DoctorReport report, string what, BrokerAddress address, CancellationToken cancel)
    {
        string at = $"{address.Host}:{address.Port}";
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(address.Host, cancel).ConfigureAwait(false);
            report.Ok($"{what} name", $"{address.Host} is {string.Join(", ", addresses.Select(a => a.ToString()))}");
        }
        catch (SocketException error)
        {
            report.Fail($"{what} name", $"{address.Host}: {error.Message}", "correct the name, or add it to DNS or the hosts file of this machine");
            return false;
        }

        try
        {
            using WireProbe probe = await WireProbe.OpenAsync(address, cancel).ConfigureAwait(false);
            report.Ok($"{what} port", $"{at} takes connections");
            (Speaker speaker, ApiVersionsResponse? versions) = await probe.GreetAsync(cancel).ConfigureAwait(false);
            return await SpeakerAsync(report, what, address, speaker, versions, cancel).ConfigureAwait(false);
        }
        catch (SocketException error)
        {
            string advice = error.SocketErrorCode == SocketError.ConnectionRefused
                ? "nothing listens there: start the node ('moldau dev'), or name another port with -b"
                : "a firewall may be in between; try the address that the node listens on";
            report.Fail($"{what} port", $"{at}: {error.Message}", advice);
        }
        catch (OperationCanceledException)
        {
            report.Fail($"{what} port", $"{at}: no answer in time", "a firewall may drop the packets; --timeout waits longer");
        }

        return false;
    }

    private static async Task<bool> SpeakerAsync(
        DoctorReport report, string what, BrokerAddress address, Speaker speaker, ApiVersionsResponse? versions, CancellationToken cancel)
    {
        string check = $"{what} protocol";
        switch (speaker)
        {
            case Speaker.Kafka:
                string age = ServerVersions.Guess(versions!) is { } release ? $"as of Apache Kafka {release} or newer" : "older than 2.1";
                if (ServerVersions.Guess(versions!) is null) report.Warn(check, $"Kafka in plain text, {age}", "this client needs 2.1 or newer");
                else report.Ok(check, $"Kafka in plain text: {versions!.ApiKeys.Count} APIs, {age}");
                return true;
            case Speaker.Http:
                report.Fail(check, "a web server", "this is no Kafka port; 9092 is the usual one");
                return false;
            case Speaker.Other:
                report.Fail(check, "something that is not Kafka", "name the port of a broker's listener with -b");
                return false;
            default:
                string? whyNoTls = await WireProbe.TryTlsAsync(address, cancel).ConfigureAwait(false);
                if (whyNoTls is null)
                    report.Fail(check, "TLS, and this client came in plain text", "set security.protocol=SSL (or SASL_SSL), or name the plain listener");
                else
                    report.Fail(check, "the connection is closed at once", "the listener may want TLS client certificates or SASL, or it is no broker");
                return false;
        }
    }

    private static async Task ClusterAsync(DoctorReport report, CommandContext context, BrokerAddress at, CancellationToken cancel)
    {
        try
        {
            using WireProbe probe = await WireProbe.OpenAsync(at, cancel).ConfigureAwait(false);
            MetadataResponse? metadata = await probe.AskAsync<MetadataResponse>(
                ApiKey.Metadata, 1, new MetadataRequest { Topics = [] }, cancel).ConfigureAwait(false);
            if (metadata is null)
            {
                report.Fail("metadata", "the answer cannot be read", "the listener may want SASL first");
                return;
            }

            report.Add(
                metadata.ControllerId >= 0, "cluster", $"{Words.Count(metadata.Brokers.Count, "broker")}, controller by broker {metadata.ControllerId}",
                "no controller is known: look at the logs of the controllers");
            foreach (MetadataResponse.MetadataResponseBroker broker in metadata.Brokers.OrderBy(b => b.NodeId))
            {
                BrokerAddress advertised = new(broker.Host, broker.Port);
                if (await ListenerAsync(report, $"broker {broker.NodeId} advertised", advertised, cancel).ConfigureAwait(false)) continue;
                report.Fail(
                    $"broker {broker.NodeId} advertised", $"clients are sent to {broker.Host}:{broker.Port}, where it does not answer them",
                    "set advertised.listeners to an address that clients reach");
            }

            await ClockAsync(report, probe, cancel).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
        {
            if (context.Cancel.IsCancellationRequested) throw;
            report.Fail("metadata", error.Message, "the listener may want SASL: use the properties of its clients");
        }
    }

    /// <summary>The leader of the quorum tells its own time where it tells when each replica was last there: of itself that is
    /// now (KIP-836).</summary>
    private static async Task ClockAsync(DoctorReport report, WireProbe probe, CancellationToken cancel)
    {
        const long MuchMs = 1000;
        long sent = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        DescribeQuorumResponse? quorum = await probe.AskAsync<DescribeQuorumResponse>(
            ApiKey.DescribeQuorum, 1,
            new DescribeQuorumRequest { Topics = [new() { TopicName = "__cluster_metadata", Partitions = [new() { PartitionIndex = 0 }] }] },
            cancel).ConfigureAwait(false);
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var partition = quorum?.Topics.FirstOrDefault()?.Partitions.FirstOrDefault();
        long leaderMs = partition?.CurrentVoters.FirstOrDefault(v => v.ReplicaId == partition.LeaderId)?.LastCaughtUpTimestamp ?? -1;
        if (leaderMs < 0)
        {
            report.Ok("clock", "the cluster does not tell its time");
            return;
        }

        long difference = leaderMs < sent ? leaderMs - sent : leaderMs > now ? leaderMs - now : 0;
        string found = difference == 0 ? "as the controller's" : $"the controller's is {Math.Abs(difference)} ms {(difference > 0 ? "ahead" : "behind")}";
        if (Math.Abs(difference) > MuchMs) report.Warn("clock", found, "let both machines take the time from NTP: timestamps and retention go by it");
        else report.Ok("clock", found);
    }
}
