namespace Moldau.Cli.Tests.Shims;

/// <summary>Calls of <c>kafka-delegation-tokens</c>, in the order in which they are made; nobody is authenticated.</summary>
internal static class TokenShimCases
{
    private const string NoTokens = "has no version";

    private const string Config = "--command-config SCRATCH/client.properties";

    private static readonly string[] Lines =
    [
        $"create: delegation-tokens B {Config} --create --max-life-time-period -1",
        $"create-lifetime: delegation-tokens B {Config} --create --max-life-time-period 60000 --renewer-principal User:anna --renewer-principal User:bob",
        $"create-owner: delegation-tokens B {Config} --create --max-life-time-period -1 --owner-principal User:anna",
        $"create-owner-empty: delegation-tokens B {Config} --create --max-life-time-period -1 --owner-principal",
        $"renew: delegation-tokens B {Config} --renew --hmac aGVsbG8= --renew-time-period -1",
        $"renew-period: delegation-tokens B {Config} --renew --hmac aGVsbG8= --renew-time-period 1000",
        $"expire: delegation-tokens B {Config} --expire --hmac aGVsbG8= --expiry-time-period -1",
        $"expire-period: delegation-tokens B {Config} --expire --hmac aGVsbG8= --expiry-time-period 1000",
        $"describe: delegation-tokens B {Config} --describe",
        $"describe-owner: delegation-tokens B {Config} --describe --owner-principal User:anna --owner-principal User:bob",
        $"describe-renewer: delegation-tokens B {Config} --describe --renewer-principal User:anna",
        $"renew-not-base64: delegation-tokens B {Config} --renew --hmac !!! --renew-time-period -1",
        $"renew-short-base64: delegation-tokens B {Config} --renew --hmac aGVsbG8 --renew-time-period -1",
        $"renew-odd-base64: delegation-tokens B {Config} --renew --hmac aGVsbG8=a --renew-time-period -1",
        $"expire-not-base64: delegation-tokens B {Config} --expire --hmac a --expiry-time-period -1",
        $"renew-hmac-empty: delegation-tokens B {Config} --renew --hmac --renew-time-period -1",
        $"create-odd-owner: delegation-tokens B {Config} --create --max-life-time-period -1 --owner-principal anna",
        $"create-odd-renewer: delegation-tokens B {Config} --create --max-life-time-period -1 --renewer-principal anna",
        $"describe-odd-owner: delegation-tokens B {Config} --describe --owner-principal anna",
        $"create-odd-lifetime: delegation-tokens B {Config} --create --max-life-time-period long",
        $"renew-odd-period: delegation-tokens B {Config} --renew --hmac aGVsbG8= --renew-time-period long",
        $"expire-odd-period: delegation-tokens B {Config} --expire --hmac aGVsbG8= --expiry-time-period long",
        $"create-lifetime-empty: delegation-tokens B {Config} --create --max-life-time-period",
        $"no-action: delegation-tokens B {Config}",
        $"two-actions: delegation-tokens B {Config} --create --describe",
        $"no-address: delegation-tokens {Config} --describe",
        "no-config: delegation-tokens B --describe",
        "config-missing: delegation-tokens B --describe --command-config SCRATCH/nowhere.properties",
        $"no-port: delegation-tokens --bootstrap-server=nonsense {Config} --describe",
        $"unknown-option: delegation-tokens B {Config} --make",
        $"create-no-lifetime: delegation-tokens B {Config} --create",
        $"renew-no-hmac: delegation-tokens B {Config} --renew --renew-time-period -1",
        $"renew-no-period: delegation-tokens B {Config} --renew --hmac aGVsbG8=",
        $"expire-no-hmac: delegation-tokens B {Config} --expire --expiry-time-period -1",
        $"expire-no-period: delegation-tokens B {Config} --expire --hmac aGVsbG8=",
        $"create-hmac: delegation-tokens B {Config} --create --max-life-time-period -1 --hmac aGVsbG8=",
        $"create-renew-period: delegation-tokens B {Config} --create --max-life-time-period -1 --renew-time-period 5",
        $"create-expiry-period: delegation-tokens B {Config} --create --max-life-time-period -1 --expiry-time-period 5",
        $"renew-renewer: delegation-tokens B {Config} --renew --hmac aGVsbG8= --renew-time-period -1 --renewer-principal User:anna",
        $"renew-lifetime: delegation-tokens B {Config} --renew --hmac aGVsbG8= --renew-time-period -1 --max-life-time-period 5",
        $"renew-expiry: delegation-tokens B {Config} --renew --hmac aGVsbG8= --renew-time-period -1 --expiry-time-period 5",
        $"renew-owner: delegation-tokens B {Config} --renew --hmac aGVsbG8= --renew-time-period -1 --owner-principal User:anna",
        $"expire-lifetime: delegation-tokens B {Config} --expire --hmac aGVsbG8= --expiry-time-period -1 --max-life-time-period 5",
        $"expire-renew-period: delegation-tokens B {Config} --expire --hmac aGVsbG8= --expiry-time-period -1 --renew-time-period 5",
        $"expire-owner: delegation-tokens B {Config} --expire --hmac aGVsbG8= --expiry-time-period -1 --owner-principal User:anna",
        $"describe-hmac: delegation-tokens B {Config} --describe --hmac aGVsbG8=",
        $"describe-lifetime: delegation-tokens B {Config} --describe --max-life-time-period 5",
        $"describe-renew-period: delegation-tokens B {Config} --describe --renew-time-period 5",
        $"describe-expiry-period: delegation-tokens B {Config} --describe --expiry-time-period 5",
    ];

    public static readonly ShimCase[] All =
    [
        .. Lines.Select(l => l.Split(": ", 2)).Select(l => new ShimCase(l[0], l[1]) { NotYet = NoTokens }),
    ];
}
