using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Moldau.Base.Tests;

/// <summary>Key stores as keytool makes them (-storetype JKS), with one password for the file and another for the
/// key.</summary>
public sealed class KeyStoreTests
{
    private const string StorePassword = "vltava1";
    private const string KeyPassword = "vltava2";

    private const string Keys = """
        /u3+7QAAAAIAAAABAAAAAQAEbm9kZQAAAaH9SOT6AAAAfzB9MA4GCisGAQQBKgIRAQEFAARrqiNCMN19fcktyNC65XJ1vyU4OLOr
        E5pRSuPFPfmndmH96tyT9CL9+oghCExhYeGxO87YZptSlG62WdkPyIg+ACYiI6HaqokhmjxsWTXCU6dFOCs0b4SMm7L784TT5Ufe
        w+7G7JPugzJWL6EAAAABAAVYLjUwOQAAAUQwggFAMIHooAMCAQICCQDXrU+H3/SsVDAKBggqhkjOPQQDAjAUMRIwEAYDVQQDEwls
        b2NhbGhvc3QwIBcNMjYxMTIxMDg0NjE1WhgPMjEyNjEwMjgwODQ2MTVaMBQxEjAQBgNVBAMTCWxvY2FsaG9zdDBZMBMGByqGSM49
        AgEGCCqGSM49AwEHA0IABESAKKk26j0eRO776o7OrmjtxQmX92EZd8TzMmvXHLLiRD2wZNEoYycXeeU+FwUQbxfMCunjRPhWqav4
        k1dqf1OjITAfMB0GA1UdDgQWBBTLz1hr+AoqTyYJ5ImFUygnGoSf2DAKBggqhkjOPQQDAgNHADBEAiAWCfCAchlMNEqe915wTdQK
        Xvole6sHzi+kKUkl9rtLoQIgYSwvEdWbHke1uVs0+PXlUT7gtZRq08YOmx86LUHwWazznoLS3KUEpOpc2yUdrEPGVyIuag==
        """;

    private const string Trust = """
        /u3+7QAAAAIAAAABAAAAAgACY2EAAAGh/UjsJwAFWC41MDkAAAFEMIIBQDCB6KADAgECAgkA161Ph9/0rFQwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAxMJbG9jYWxob3N0MCAXDTI2MTEyMTA4NDYxNVoYDzIxMjYxMDI4MDg0NjE1WjAUMRIwEAYDVQQDEwlsb2NhbGhv
        c3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAREgCipNuo9HkTu++qOzq5o7cUJl/dhGXfE8zJr1xyy4kQ9sGTRKGMnF3nlPhcF
        EG8XzArp40T4Vqmr+JNXan9ToyEwHzAdBgNVHQ4EFgQUy89Ya/gKKk8mCeSJhVMoJxqEn9gwCgYIKoZIzj0EAwIDRwAwRAIgFgnw
        gHIZTDRKnvdecE3UCl76JXurB84vpClJJfa7S6ECIGEsLxHVmx5HtblbNPj15VE+4LWUatPGDpsfOi1B8FmsFyXFf1hDaN8RKHw3
        kqlXfqPBJ6o=
        """;

    [Fact]
    public void JavaKeyStore_GivesCertificateAndKey()
    {
        KeyStore store = KeyStore.FromFile(Bytes(Keys), StorePassword, KeyPassword);
        Assert.Equal("CN=localhost", store.Own!.Subject);
        Assert.Empty(store.Others);
        using ECDsa key = store.Own.GetECDsaPrivateKey()!;
        using ECDsa known = store.Own.GetECDsaPublicKey()!;
        byte[] data = [1, 2, 3];
        Assert.True(known.VerifyData(data, key.SignData(data, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256));
        Assert.NotNull(SslStreamCertificateContext.Create(store.Own, store.Others, offline: true));
    }

    [Fact]
    public void JavaTrustStore_GivesItsCertificates_WithAndWithoutItsPassword()
    {
        X509Certificate2 trusted = Assert.Single(KeyStore.FromFile(Bytes(Trust), StorePassword).Trusted);
        Assert.Equal("CN=localhost", trusted.Subject);
        Assert.Single(KeyStore.FromFile(Bytes(Trust), null).Trusted);
    }

    [Fact]
    public void WrongPasswords_AreSaidToBe()
    {
        byte[] file = Bytes(Keys);
        Assert.Contains("password", Assert.ThrowsAny<CryptographicException>(() => KeyStore.FromFile(file, "wrong")).Message);
        Assert.Contains("key", Assert.ThrowsAny<CryptographicException>(() => KeyStore.FromFile(file, StorePassword)).Message);
    }

    [Fact]
    public void DamagedStores_AreRefused_WhateverIsWrong()
    {
        byte[] good = Bytes(Keys);
        // The last 20 bytes are the digest, which nobody looks at without the password.
        for (int length = 0; length < good.Length - 20; length++)
        {
            byte[] file = (good[..length]);
            Assert.ThrowsAny<CryptographicException>(() => KeyStore.FromFile(file, null, KeyPassword).Own!.ToString());
        }

        for (int at = 4; at < good.Length - 20; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0xFF;
            byte[] file = (bad);
            Assert.ThrowsAny<CryptographicException>(() => KeyStore.FromFile(file, StorePassword, KeyPassword));
        }
    }

    [Fact]
    public void Pkcs12_GivesKeyAndChain_OrTrust()
    {
        KeyStore own = KeyStore.FromFile(Bytes(Keys), StorePassword, KeyPassword);
        byte[] file = (own.Own!.Export(X509ContentType.Pkcs12, "p"));
        Assert.True(KeyStore.FromFile(file, "p").Own!.HasPrivateKey);
        X509Certificate2Collection bare = [X509CertificateLoader.LoadCertificate(own.Own.RawData)];
        KeyStore trust = KeyStore.FromFile((bare.Export(X509ContentType.Pkcs12, "p")!), "p");
        Assert.Null(trust.Own);
        Assert.Single(trust.Trusted);
    }

    private static byte[] Bytes(string base64) => Convert.FromBase64String(base64);
}
