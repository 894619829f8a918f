namespace Moldau.Config.Tests;

public sealed class DocumentTests
{
    [Fact]
    public void ReferencePage_IsCurrent()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Directory.Packages.props"))) root =
            root.Parent;
        if (root is null)
        {
            Assert.Skip("the repository's root is not above the test's directory");
            return;
        }
        string page = Path.Combine(root.FullName, "docs", "reference", "config.md");
        if (Environment.GetEnvironmentVariable("MOLDAU_WRITE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(page)!);
            File.WriteAllText(page, ConfigDocument.Write());
        }
        Assert.True(File.Exists(page), page + " is missing; run this test with MOLDAU_WRITE_DOCS=1");
        Assert.Equal(ConfigDocument.Write(), File.ReadAllText(page));
    }
}
