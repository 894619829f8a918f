using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Moldau.Base;

/// <summary>Java's own key store format (JKS), which ssl.keystore.type and ssl.truststore.type name by default: entries of
/// certificates and of keys, which a scheme of Sun's conceals, and a digest over all.</summary>
internal static class JavaKeyStore
{
    private const uint Magic = 0xFEEDFEED;
    private const int KeyEntry = 1;
    private const int CertificateEntry = 2;
    private const int DigestBytes = SHA1.HashSizeInBytes;
    private const string SunKeyProtector = "1.3.6.1.4.1.42.2.17.1.1";
    private static readonly byte[] _whitener = Encoding.UTF8.GetBytes("Mighty Aphrodite");

    internal static bool IsOne(ReadOnlySpan<byte> file) =>
        file.Length > sizeof(uint) && BinaryPrimitives.ReadUInt32BigEndian(file) == Magic;

    internal static KeyStore Read(byte[] file, string? password, string? keyPassword)
    {
        Reader reader = new(file);
        reader.Skip(sizeof(uint));
        int version = reader.Int();
        if (version is not (1 or 2)) throw new CryptographicException($"version {version} of Java's key store format is not known");
        if (password is not null) CheckDigest(file, password);
        X509Certificate2? own = null;
        X509Certificate2Collection others = [];
        for (int left = reader.Int(); left > 0; left--)
        {
            int kind = reader.Int();
            reader.Text();
            reader.Skip(sizeof(long)); // when it was made
            if (kind == CertificateEntry)
            {
                others.Add(Certificate(ref reader, version));
                continue;
            }

            if (kind != KeyEntry) throw new CryptographicException($"entries of kind {kind} are not known");
            ReadOnlySpan<byte> concealed = reader.Bytes(reader.Int());
            List<X509Certificate2> chain = [];
            for (int more = reader.Int(); more > 0; more--) chain.Add(Certificate(ref reader, version));
            if (own is not null || chain.Count == 0) continue;
            own = WithKey(chain[0], Reveal(concealed, keyPassword ?? ""));
            foreach (X509Certificate2 issuer in chain[1..]) others.Add(issuer);
        }

        return new(own, others);
    }

    private static X509Certificate2 Certificate(ref Reader reader, int version)
    {
        if (version == 2) reader.Text(); // always X.509
        return X509CertificateLoader.LoadCertificate(reader.Bytes(reader.Int()));
    }

    private static void CheckDigest(ReadOnlySpan<byte> file, string password)
    {
        if (file.Length < DigestBytes) throw Truncated();
        byte[] digest = SHA1.HashData((byte[])[.. Encoding.BigEndianUnicode.GetBytes(password), .. _whitener, .. file[..^DigestBytes]]);
        if (!file[^DigestBytes..].SequenceEqual(digest)) throw new CryptographicException("its password is wrong, or the file is damaged");
    }

    /// <summary>Salt, then the key under a key stream of hashes of password and previous hash, then a hash to check
    /// it by. Gives PKCS#8.</summary>
    private static byte[] Reveal(ReadOnlySpan<byte> concealed, string password)
    {
        AsnReader outer = new AsnReader(concealed.ToArray(), AsnEncodingRules.DER).ReadSequence();
        string algorithm = outer.ReadSequence().ReadObjectIdentifier();
        if (algorithm != SunKeyProtector) throw new CryptographicException($"its key is concealed by an unknown scheme, {algorithm}");
        ReadOnlySpan<byte> data = outer.ReadOctetString();
        if (data.Length < 2 * DigestBytes) throw Truncated();
        byte[] secret = Encoding.BigEndianUnicode.GetBytes(password);
        byte[] hash = data[..DigestBytes].ToArray();
        byte[] key = data[DigestBytes..^DigestBytes].ToArray();
        for (int i = 0; i < key.Length; i++)
        {
            if (i % DigestBytes == 0) hash = SHA1.HashData((byte[])[.. secret, .. hash]);
            key[i] ^= hash[i % DigestBytes];
        }

        byte[] check = SHA1.HashData((byte[])[.. secret, .. key]);
        return data[^DigestBytes..].SequenceEqual(check) ? key : throw new CryptographicException("the password of its key is wrong");
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, byte[] pkcs8)
    {
        if (certificate.GetRSAPublicKey() is { } rsaPublic)
        {
            rsaPublic.Dispose();
            using RSA rsa = RSA.Create();
            rsa.ImportPkcs8PrivateKey(pkcs8, out _);
            return certificate.CopyWithPrivateKey(rsa);
        }

        using ECDsa ec = ECDsa.Create();
        ec.ImportPkcs8PrivateKey(pkcs8, out _);
        return certificate.CopyWithPrivateKey(ec);
    }

    private static CryptographicException Truncated() => new("the file ends too early");

    /// <summary>DataInputStream's big-endian numbers and its strings with a length of two bytes.</summary>
    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _left = bytes;

        internal int Int() => BinaryPrimitives.ReadInt32BigEndian(Bytes(sizeof(int)));

        internal void Text() => Skip(BinaryPrimitives.ReadUInt16BigEndian(Bytes(sizeof(ushort))));

        internal void Skip(int count) => Bytes(count);

        internal ReadOnlySpan<byte> Bytes(int count)
        {
            if (count < 0 || count > _left.Length) throw Truncated();
            ReadOnlySpan<byte> taken = _left[..count];
            _left = _left[count..];
            return taken;
        }
    }
}
