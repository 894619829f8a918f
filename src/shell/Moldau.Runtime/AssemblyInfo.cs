using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Moldau.Runtime.Tests")]
